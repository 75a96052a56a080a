"""SIGKILL at a random commit under load: what was acknowledged is there, once, and jobs and events agree."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import shutil
import threading
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conftest import wait_for
from faults.servers import ACCOUNT, Server, forked_server
from faults.stage import Nursery
from gateway.raw_requests import Raw, sign, unsigned

CLIENTS = 8
JOBS = 2000
# Eight clients cause a commit for each eight jobs at least: so the server nearly always dies under way.
LAST_COMMIT = 400
# The first commits are the start's own: before the server says that it is ready.
FIRST_COMMIT = 20


@pytest.fixture(scope="module")
def prepared(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a queue whose environment is DISABLED, so that its jobs wait; nobody serves it."""
    directory = tmp_path_factory.mktemp("prepared")
    with forked_server(nursery, directory) as one:
        _prepare(one)
        one.stop()
    return directory


def _prepare(one: Server) -> None:
    batch, ec2 = one.client("batch"), one.client("ec2")
    batch.create_compute_environment(
        computeEnvironmentName="idle",
        type="MANAGED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    )

    def environment(**wanted: str) -> bool:
        (shown,) = batch.describe_compute_environments()["computeEnvironments"]
        return all(shown[name] == value for name, value in wanted.items())

    wait_for(lambda: environment(status="VALID"))
    order = [{"order": 1, "computeEnvironment": "idle"}]
    batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order)
    wait_for(lambda: batch.describe_job_queues()["jobQueues"][0]["status"] == "VALID")
    batch.update_compute_environment(computeEnvironment="idle", state="DISABLED")
    wait_for(lambda: environment(status="VALID", state="DISABLED"))
    batch.register_job_definition(
        jobDefinitionName="work",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": "busybox",
            "command": ["true"],
            "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
            "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
        },
    )


class Load:
    """Eight clients, each with a connection and with its share of the signed requests."""

    def __init__(self, endpoint: str) -> None:
        self._address = urlsplit(endpoint).netloc
        self.acknowledged: dict[str, str] = {}
        """The job ids that were answered, by job name."""
        self.refused: list[bytes] = []
        self._shares = [
            [(f"job-{number}", _request(endpoint, f"job-{number}")) for number in range(first, JOBS, CLIENTS)]
            for first in range(CLIENTS)
        ]

    def run(self) -> None:
        """Send everything, or as much as the server lives for."""
        threads = [threading.Thread(target=self._send, args=(share,)) for share in self._shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, share: list[tuple[str, Raw]]) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            for name, raw in share:
                connection.request(raw.method, raw.path, body=raw.body, headers=dict(raw.headers))
                answer = connection.getresponse()
                body = answer.read()
                if answer.status == 200:
                    self.acknowledged[name] = json.loads(body)["jobId"]
                else:
                    self.refused.append(body)
        except (OSError, http.client.HTTPException):
            pass  # The server died: what was under way was not acknowledged.
        finally:
            connection.close()


def _request(endpoint: str, name: str) -> Raw:
    request = {"jobName": name, "jobQueue": "queue", "jobDefinition": "work"}
    return sign(unsigned(endpoint, "batch", "SubmitJob", request), "batch", key=ACCOUNT)


def jobs_of(one: Server) -> list[tuple[str, str]]:
    """(name, id) of every job of the queue."""
    pages = one.client("batch").get_paginator("list_jobs").paginate(jobQueue="queue", jobStatus="RUNNABLE")
    return [(job["jobName"], job["jobId"]) for page in pages for job in page["jobSummaryList"]]


def submissions_of(one: Server) -> list[tuple[str, str]]:
    """(job name, job id) of every successful SubmitJob that the event history tells of."""
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "SubmitJob"}]
    pages = one.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=wanted)
    records = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["Events"]]
    return [
        (one["requestParameters"]["jobName"], one["responseElements"]["jobId"])
        for one in records
        if "errorCode" not in one
    ]


def _once(found: list[Any]) -> bool:
    return all(count == 1 for count in Counter(found).values())


def die_and_look(nursery: Nursery, prepared: Path, directory: Path, seed: int) -> None:
    """One round: a copy of the prepared directory, the load, the kill, the restart, the comparison."""
    chance = random.Random(seed)
    commit, side = chance.randint(FIRST_COMMIT, LAST_COMMIT), chance.choice(["before", "after"])
    print(f"seed {seed}: SIGKILL {side} commit {commit}")
    shutil.copytree(prepared, directory)
    with forked_server(nursery, directory, doom=(commit, side)) as one:
        load = Load(one.endpoint)
        load.run()
        one.kill()
    assert load.refused == []
    with forked_server(nursery, directory) as one:
        jobs, submissions = jobs_of(one), submissions_of(one)
        one.client("batch").submit_job(jobName="after", jobQueue="queue", jobDefinition="work")
        assert len(jobs_of(one)) == len(jobs) + 1
        one.stop()
    print(f"{len(load.acknowledged)} acknowledged, {len(jobs)} there")
    assert set(load.acknowledged.items()) <= set(jobs)
    assert _once([name for name, _ in jobs]), "a job is there twice"
    assert _once(submissions), "an event is there twice"
    assert set(submissions) == set(jobs)
    unheard = len(jobs) - len(load.acknowledged)
    assert 0 <= unheard <= CLIENTS, "more is there than was under way"


@pytest.mark.parametrize("number", range(2))
def test_what_was_acknowledged_is_there_once(
    number: int, nursery: Nursery, prepared: Path, tmp_path: Path
) -> None:
    die_and_look(nursery, prepared, tmp_path / "data", secrets.randbelow(2**32))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_what_was_acknowledged_is_there_once_in_many_rounds(
    number: int, nursery: Nursery, prepared: Path, tmp_path: Path
) -> None:
    die_and_look(nursery, prepared, tmp_path / "data", secrets.randbelow(2**32))
