"""`batchyard rotate-keys`: a new key for a data directory, and no moment at which a crash loses anything."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from batchyard.app import App
from batchyard.config import Settings
from batchyard.identity import key_rotation
from batchyard.identity.keyring import Keyring
from batchyard.store.store import DirectoryLock
from cli.commands import batchyard, contents, refused
from cli.conftest import ACCOUNT, Initialised
from conftest import client
from journeys.served import served

DOOMED = Path(__file__).with_name("doomed_rotation.py")
PURPOSES = {column.info["sealed"] for column in key_rotation.sealed_columns()}


def cells(directory: Path) -> Iterator[str]:
    """Every text in the database."""
    with closing(sqlite3.connect(directory / "batchyard.db")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from (value for value in row if isinstance(value, str))


def sealed_texts(directory: Path, keyring: Keyring) -> int:
    """How many texts, or texts within JSON, this keyring opens."""
    found = 0
    for cell in cells(directory):
        inner = json.loads(cell) if cell.startswith("[{") else []
        texts = [cell, *(one.get("sealed", "") for one in inner if isinstance(one, dict))]
        found += sum(keyring.open(purpose, text) is not None for text in texts for purpose in PURPOSES)
    return found


def fill(directory: Path) -> None:
    """Make one secret of every kind that is kept sealed, but for tasks' callers."""
    app = App(Settings(data_dir=directory))
    try:
        iam: Any = app.clients_of_root(ACCOUNT, user_agent="test").iam
        iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
        pem = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode()
        )
        entity = 'xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com"'
        metadata = f"<EntityDescriptor {entity}><IDPSSODescriptor/></EntityDescriptor>".ljust(1000)
        iam.create_saml_provider(Name="idp", SAMLMetadataDocument=metadata, AddPrivateKey=pem)
    finally:
        app.close()


def identity(endpoint: str, key: dict[str, str], token: str | None = None) -> str:
    sts = client(endpoint, "sts", access_key=key["accessKeyId"], secret=key["secretAccessKey"], token=token)
    return str(sts.get_caller_identity()["Arn"])


def test_access_keys_stay_and_sessions_end(initialised: Initialised) -> None:
    directory, key = initialised.directory, initialised.key
    fill(directory)
    with served("--data-dir", str(directory)) as server:
        sts = client(server.endpoint, "sts", access_key=key["accessKeyId"], secret=key["secretAccessKey"])
        session = sts.get_session_token()["Credentials"]
    old = (directory / "key").read_bytes()
    before = sealed_texts(directory, Keyring(old))
    assert before >= 3
    done = batchyard("rotate-keys", "--data-dir", str(directory), "--output", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sealedAnew"] == before
    new = (directory / "key").read_bytes()
    assert (len(new), stat.S_IMODE((directory / "key").stat().st_mode)) == (32, 0o600)
    assert new != old
    assert sealed_texts(directory, Keyring(old)) == 0
    assert sealed_texts(directory, Keyring(new)) == before
    with served("--data-dir", str(directory)) as server:
        assert identity(server.endpoint, key).endswith(":user/administrator")
        given = {"accessKeyId": session["AccessKeyId"], "secretAccessKey": session["SecretAccessKey"]}
        with pytest.raises(Exception, match="InvalidClientTokenId"):
            identity(server.endpoint, given, session["SessionToken"])


@pytest.mark.parametrize("steps", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_run_that_was_cut_short_is_completed(steps: int, initialised: Initialised) -> None:
    """After each step a server works, and the next run does what is left with the key that was begun with."""
    directory, key = initialised.directory, initialised.key
    old = (directory / "key").read_bytes()
    app = App(Settings(data_dir=directory))
    keyring = key_rotation.begin(directory)
    if steps == 2:
        app.store.write(lambda tx: key_rotation.seal_anew(tx, keyring))
    app.close()
    begun = (directory / "key").read_bytes()
    assert (len(begun), begun[32:]) == (64, old)
    with served("--data-dir", str(directory)) as server:
        assert identity(server.endpoint, key).endswith(":user/administrator")
    assert batchyard("rotate-keys", "--data-dir", str(directory)).returncode == 0
    assert (directory / "key").read_bytes() == begun[:32]
    assert sealed_texts(directory, Keyring(old)) == 0
    with served("--data-dir", str(directory)) as server:
        assert identity(server.endpoint, key).endswith(":user/administrator")


@pytest.mark.slow
def test_no_kill_loses_a_secret_or_leaves_an_old_one_behind(initialised: Initialised) -> None:
    """SIGKILL at every step in turn, each run on what the last one left; then one that comes to its end."""
    directory, key = initialised.directory, initialised.key
    fill(directory)
    names, seen = _names(directory), {(directory / "key").read_bytes()}
    before = sealed_texts(directory, Keyring(*seen))
    for number in range(1, 200):
        command = [sys.executable, str(DOOMED), str(directory), str(number)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        kept = (directory / "key").read_bytes()
        keys = [kept[:32], kept[32:]] if len(kept) == 64 else [kept]
        assert sealed_texts(directory, Keyring(*keys)) == before, number
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert len(_names(directory) - names) <= 1, number
        seen |= set(keys)
    assert number > 20
    assert all(sealed_texts(directory, Keyring(one)) == 0 for one in seen - {kept})
    assert _names(directory) == names
    with served("--data-dir", str(directory)) as server:
        assert identity(server.endpoint, key).endswith(":user/administrator")


def _names(directory: Path) -> set[str]:
    """The files of a data directory; the database's own are its."""
    return {path.name for path in directory.iterdir() if not path.name.startswith("batchyard.db")}


def test_a_failure_in_the_middle_changes_no_secret(initialised: Initialised) -> None:
    """The key of another directory: refused, nothing is sealed anew, and the right key still opens all of it."""
    directory = initialised.directory
    right = (directory / "key").read_bytes()
    (directory / "key").write_bytes(b"x" * 32)
    sentence = refused(batchyard("rotate-keys", "--data-dir", str(directory)))
    assert sentence == "a value of iam_access_keys.sealed_secret does not open with the key file"
    assert sealed_texts(directory, Keyring(right)) == 1


def test_a_running_servers_directory_is_left_alone(used: Path, tmp_path: Path) -> None:
    lock = DirectoryLock(used)
    before = contents(used)
    assert "in use by a running server" in refused(batchyard("rotate-keys", "--data-dir", str(used)))
    lock.release()
    assert contents(used) == before
    nothing = refused(batchyard("rotate-keys", "--data-dir", str(tmp_path / "nothing")))
    assert nothing.endswith("holds nothing that a key protects")


def test_tables_are_gone_through_in_chunks(initialised: Initialised, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "_CHUNK", 2)
    app = App(Settings(data_dir=initialised.directory))
    try:
        iam: Any = app.clients_of_root(ACCOUNT, user_agent="test").iam
        for number in range(5):
            iam.create_virtual_mfa_device(VirtualMFADeviceName=f"phone{number}")
        keyring = key_rotation.begin(initialised.directory)
        assert app.store.write(lambda tx: key_rotation.seal_anew(tx, keyring)) == 6
    finally:
        app.close()
    assert (
        sealed_texts(initialised.directory, Keyring((initialised.directory / "key").read_bytes()[:32])) == 6
    )
