"""A disk that takes no more: the system itself refuses the server's writes, for as long as the test says."""

from __future__ import annotations

import resource
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import wait_for
from faults.servers import Server, forked_server, server
from faults.stage import Nursery
from faults.test_restart import make_environment, valid

ROOM_BYTES = 64 * 1024


def limit(one: Server, size: int) -> None:
    """Let no file of the server grow beyond `size`: its write fails as on a full disk (EFBIG instead of ENOSPC)."""
    resource.prlimit(one.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def fill(one: Server, directory: Path) -> tuple[set[str], list[dict[str, Any]]]:
    """Write from two threads until nothing goes any more: the groups that were acknowledged, the failures."""
    limit(one, (directory / "batchyard.db-wal").stat().st_size + ROOM_BYTES)
    acknowledged: set[str] = set()
    failures: list[Any] = []

    def write(first: int) -> None:
        logs = one.client("logs")
        for number in range(200):
            name = f"group-{first}-{number}"
            try:
                logs.create_log_group(logGroupName=name, tags={"text": "x" * 250})
            except ClientError as error:
                failures.append(error.response)
                if number > 20 and len(failures) > 20:
                    return
            else:
                acknowledged.add(name)

    threads = [threading.Thread(target=write, args=(first,)) for first in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return acknowledged, failures


def groups(one: Server) -> set[str]:
    pages = one.client("logs").get_paginator("describe_log_groups").paginate()
    return {group["logGroupName"] for page in pages for group in page["logGroups"]}


def test_a_full_disk_is_told_and_nothing_is_half_written(nursery: Nursery, tmp_path: Path) -> None:
    """A write answers an error of its protocol; reads go on; the server stays, and goes on when there is room."""
    with server(tmp_path) as one:
        groups(one)
        acknowledged, failures = fill(one, tmp_path)
        assert len(failures) >= 20
        for failure in failures:
            assert failure["ResponseMetadata"]["HTTPStatusCode"] >= 500
            assert failure["ResponseMetadata"]["RequestId"]
            assert failure["Error"]["Code"] == "InternalFailure"
        assert groups(one) == acknowledged
        limit(one, resource.RLIM_INFINITY)
        one.client("logs").create_log_group(logGroupName="after")
        assert groups(one) == acknowledged | {"after"}
        one.kill()
    with forked_server(nursery, tmp_path) as one:
        assert groups(one) == acknowledged | {"after"}
        one.stop()


@pytest.mark.slow
def test_controllers_go_on_by_themselves_when_there_is_room(tmp_path: Path) -> None:
    with server(tmp_path, "--pace", "0.2") as one:
        make_environment(one)
        _, failures = fill(one, tmp_path)
        assert failures
        with pytest.raises(ClientError):
            one.client("logs").create_log_group(logGroupName="refused")
        limit(one, resource.RLIM_INFINITY)
        wait_for(lambda: valid(one))
        one.stop()
