"""`batchyard init`: an administrator's access key, made offline and printed once."""

from __future__ import annotations

import json
import re
import stat
import urllib.error
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from batchyard.store.store import DirectoryLock
from cli.commands import batchyard, contents, refused, sql
from cli.conftest import ACCOUNT, Initialised
from conftest import client
from journeys.served import confirmed, served


def made(directory: Path, *arguments: str) -> dict[str, str]:
    done = batchyard("init", "--data-dir", str(directory), "--output", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(directory: Path) -> list[tuple[str, ...]]:
    """What is kept of users and keys."""
    return sql(
        directory,
        "SELECT name, id FROM iam_users ORDER BY id",
        "SELECT access_key_id, sealed_secret FROM iam_access_keys ORDER BY 1",
    )


def test_the_key_is_an_administrators_and_works_beyond_loopback(initialised: Initialised) -> None:
    """Development credentials never work where others can connect; the administrator's key does."""
    key = initialised.key
    assert key["account"] == "123456789012"
    with served("--data-dir", str(initialised.directory), "--host", "0.0.0.0") as server:
        assert server.endpoint.startswith("http://127.0.0.1:")
        sts = client(server.endpoint, "sts", access_key=key["accessKeyId"], secret=key["secretAccessKey"])
        assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/administrator"
        batch = client(server.endpoint, "batch", access_key=key["accessKeyId"], secret=key["secretAccessKey"])
        assert batch.describe_job_queues()["jobQueues"] == []
        for development in ("test", "123456789012"):
            with pytest.raises(ClientError, match="InvalidClientTokenId"):
                client(server.endpoint, "sts", access_key=development).get_caller_identity()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            confirmed(f"{server.endpoint}/_batchyard/reset")
        calls = client(
            server.endpoint, "cloudtrail", access_key=key["accessKeyId"], secret=key["secretAccessKey"]
        ).lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateAccessKey"}])
        record = json.loads(calls["Events"][0]["CloudTrailEvent"])
        assert (record["userAgent"], record["userIdentity"]["type"]) == ("batchyard init", "Root")
        assert key["secretAccessKey"] not in calls["Events"][0]["CloudTrailEvent"]


def test_the_secret_is_kept_encrypted_under_a_key_file_of_mode_0600(initialised: Initialised) -> None:
    assert stat.S_IMODE((initialised.directory / "key").stat().st_mode) == 0o600
    secret = initialised.key["secretAccessKey"].encode()
    assert all(secret not in data for data in contents(initialised.directory).values())


def test_another_administrator_is_printed_as_lines_for_the_shell(initialised: Initialised) -> None:
    before = rows(initialised.directory)
    printed = batchyard("init", "--data-dir", str(initialised.directory)).stdout
    assert set(before) < set(rows(initialised.directory))
    assert "Made the user administrator of account 000000000000" in printed
    assert re.search(r"^export AWS_ACCESS_KEY_ID=AKIA[A-Z2-7]{16}$", printed, re.MULTILINE)
    assert re.search(r"^export AWS_SECRET_ACCESS_KEY=\S{40}$", printed, re.MULTILINE)


def test_running_it_again_replaces_nothing(initialised: Initialised) -> None:
    before = rows(initialised.directory)
    again = batchyard("init", "--data-dir", str(initialised.directory), "--account", ACCOUNT)
    access_key = initialised.key["accessKeyId"]
    assert refused(again).startswith(f"the user `administrator` has the access key `{access_key}` already")
    assert rows(initialised.directory) == before


@pytest.mark.slow
def test_a_run_that_was_cut_short_is_completed(tmp_path: Path) -> None:
    made(tmp_path)
    sql(tmp_path, "DELETE FROM iam_access_keys", "DELETE FROM iam_attachments")
    key = made(tmp_path)
    with served("--data-dir", str(tmp_path), "--host", "0.0.0.0") as server:
        iam = client(server.endpoint, "iam", access_key=key["accessKeyId"], secret=key["secretAccessKey"])
        assert [user["UserName"] for user in iam.list_users()["Users"]] == ["administrator"]


@pytest.mark.slow
def test_somebody_elses_user_is_left_alone(tmp_path: Path) -> None:
    with served("--data-dir", str(tmp_path)) as server:
        iam = client(server.endpoint, "iam", access_key="test")
        iam.create_user(UserName="administrator")
        iam.create_group(GroupName="few")
        iam.add_user_to_group(UserName="administrator", GroupName="few")
    before = rows(tmp_path)
    done = batchyard("init", "--data-dir", str(tmp_path))
    assert refused(done) == "the user `administrator` is there already, and `batchyard init` did not make it"
    assert rows(tmp_path) == before


def test_it_is_refused_while_a_server_holds_the_directory(used: Path) -> None:
    before = contents(used)
    lock = DirectoryLock(used)
    done = batchyard("init", "--data-dir", str(used), "--user-name", "other")
    lock.release()
    assert refused(done) == f"the data directory `{used}` is in use by a running server"
    assert contents(used) == before


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--account", "12", "`--account` takes twelve digits, not `12`"),
        ("--user-name", "a b", "`--user-name` takes up to 64 letters, digits and +=,.@_-, not `a b`"),
    ],
)
def test_names_that_iam_refuses_change_nothing(
    option: str, value: str, sentence: str, tmp_path: Path
) -> None:
    done = batchyard("init", "--data-dir", str(tmp_path / "data"), option, value)
    assert refused(done) == sentence
    assert not (tmp_path / "data").exists()
