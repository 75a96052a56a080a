"""Three hundred accounts on one server: they settle, cost nothing at rest, and none delays another."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import client, wait_for
from journeys.served import Served, served
from services.batch.environments import describe, make_instance_profile, on_instances, trust

ACCOUNTS = 300
SETTLED_SECONDS = 30
IDLE_SECONDS = 12
IDLE_PART = 0.01
CALLERS = 4


@dataclass(frozen=True)
class Account:
    """An account of the server, ready to make an environment."""

    endpoint: str
    number: str
    resources: dict[str, Any]
    batch: Any

    def make(self, name: str = "one", **changes: Any) -> None:
        """An environment on instances; VALID is what controllers make of it."""
        self.batch.create_compute_environment(
            computeEnvironmentName=name, type="MANAGED", computeResources=self.resources, **changes
        )

    def status(self, name: str = "one") -> str:
        status: str = describe(self.batch, name)["status"]
        return status


def _account(one: Served, number: int) -> Account:
    name = f"{number:012}"

    def aws(service: str, *, region: str = "us-east-1") -> Any:
        return client(one.endpoint, service, access_key=name, region=region)

    make_instance_profile(aws)
    return Account(one.endpoint, name, on_instances(aws), aws("batch"))


def _accounts(one: Served, first: int, count: int) -> list[Account]:
    with ThreadPoolExecutor(CALLERS) as callers:
        return list(callers.map(lambda number: _account(one, number), range(first, first + count)))


def _settle(accounts: list[Account], *, seconds: float) -> float:
    """Make an environment in each and wait until all are VALID; how long that took."""
    began = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(Account.make, accounts))
    left = list(accounts)

    def all_are_valid() -> bool:
        # Who is not through yet is asked first; who is through is asked no more.
        while left and left[0].status() == "VALID":
            left.pop(0)
        return not left

    wait_for(all_are_valid, seconds=began + seconds - time.monotonic())
    return time.monotonic() - began


def _cpu_seconds(one: Served) -> float:
    fields = Path(f"/proc/{one.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(directory: Path) -> Iterator[Served]:
    with served("--data-dir", str(directory)) as one:
        yield one


@pytest.mark.slow
def test_three_hundred_accounts_settle_and_then_rest(server: Served) -> None:
    """300 accounts with an environment each settle within 30 s; idle, the server then uses under 1 % of a core."""
    accounts = _accounts(server, 1, ACCOUNTS)
    cpu = _cpu_seconds(server)
    took = _settle(accounts, seconds=5 * SETTLED_SECONDS)
    cpu = _cpu_seconds(server) - cpu
    print(f"{ACCOUNTS} accounts settled in {took:.1f} s; server CPU {cpu:.1f} s")
    # Where others keep the machine busy, what counts is what the server worked for it.
    others = os.getloadavg()[0] > 2 * len(os.sched_getaffinity(0))
    assert (cpu if others else took) < SETTLED_SECONDS

    def at_rest() -> bool:
        # What settling left behind, and what comes rarely, may fall into a stretch: the next is without it.
        before, began = _cpu_seconds(server), time.monotonic()
        threading.Event().wait(IDLE_SECONDS)
        part = (_cpu_seconds(server) - before) / (time.monotonic() - began)
        print(f"idle: {part:.2%} of a core")
        return part < IDLE_PART

    wait_for(at_rest, seconds=8 * IDLE_SECONDS)


@pytest.mark.slow
def test_an_account_whose_role_is_refused_each_time_delays_nobody(server: Served) -> None:
    """One account with environments whose role Batch may not assume: they stay INVALID and are tried again."""
    poisoned, *others = _accounts(server, 1, 61)
    iam = client(server.endpoint, "iam", access_key=poisoned.number)
    iam.create_role(RoleName="nobodys", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    alone = _settle(others[:30], seconds=SETTLED_SECONDS)
    role = f"arn:aws:iam::{poisoned.number}:role/nobodys"
    for number in range(20):
        poisoned.make(f"refused-{number}", serviceRole=role)
    wait_for(lambda: all(poisoned.status(f"refused-{number}") == "INVALID" for number in range(20)))
    beside = _settle(others[30:], seconds=SETTLED_SECONDS)
    print(f"alone {alone:.1f} s, beside it {beside:.1f} s")
    assert beside < 3 * alone + 3
    assert poisoned.status("refused-0") == "INVALID"


@pytest.mark.slow
def test_an_account_whose_reconcile_raises_each_time_delays_nobody(directory: Path) -> None:
    """One account with environments that no controller can read: each try is logged, counted, and made rarer."""
    with served("--data-dir", str(directory)) as one:
        poisoned, *_ = _accounts(one, 1, 1)
        for number in range(20):
            poisoned.make(f"broken-{number}")
        wait_for(lambda: all(poisoned.status(f"broken-{number}") == "VALID" for number in range(20)))
        alone = _settle(_accounts(one, 1001, 30), seconds=SETTLED_SECONDS)
    with closing(sqlite3.connect(directory / "batchyard.db")) as database, database:
        database.execute(
            "UPDATE batch_compute_environments SET compute_resources = '[]' WHERE name LIKE 'broken-%'"
        )
        database.execute(
            "INSERT OR REPLACE INTO work SELECT 'batch.compute', account, partition, region, name, '', 0, 1, 0"
            " FROM batch_compute_environments WHERE name LIKE 'broken-%'"
        )
    with served("--data-dir", str(directory)) as one:
        wait_for(lambda: _exceptions(one) >= 20)
        beside = _settle(_accounts(one, 2001, 30), seconds=SETTLED_SECONDS)
        print(f"alone {alone:.1f} s, beside it {beside:.1f} s")
        assert beside < 3 * alone + 3
        assert _exceptions(one) >= 40


def _exceptions(one: Served) -> int:
    """How often the controller of environments has raised."""
    with urllib.request.urlopen(f"{one.endpoint}/_batchyard/health?details=1", timeout=10) as answer:
        found: int = json.load(answer)["controllerExceptions"].get("batch.compute", 0)
    return found
