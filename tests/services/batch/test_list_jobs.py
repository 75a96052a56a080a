"""ListJobs: by status, by each filter, in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[..., Any]
NAMES = ("alpha", "Beta", "beta", "alphabet", "gamma")


@pytest.fixture
def ended(batch: Any, queue: str, define: Make, reached: Make) -> list[Any]:
    """Five ended jobs in the order of their submission, of two definitions."""
    definitions = [define(name="one"), define(name="one"), define("false", name="oneandmore")]
    ids = [
        batch.submit_job(jobName=name, jobQueue=queue, jobDefinition=definitions[index % 3])["jobId"]
        for index, name in enumerate(NAMES)
    ]
    return [reached(job_id) for job_id in ids]


@pytest.fixture
def listed(batch: Any, queue: str) -> Make:
    """`listed(jobStatus="FAILED")`: the names of the jobs, over pages of two."""

    def names(**request: Any) -> list[str]:
        found: list[str] = []
        for page in batch.get_paginator("list_jobs").paginate(
            jobQueue=queue, **request, PaginationConfig={"PageSize": 2}
        ):
            assert len(page["jobSummaryList"]) <= 2
            found += [one["jobName"] for one in page["jobSummaryList"]]
        return found

    return names


def by(name: str, value: str) -> dict[str, Any]:
    return {"filters": [{"name": name, "values": [value]}]}


def test_by_status_newest_first(batch: Any, ended: list[Any], listed: Make, queue: str) -> None:
    assert listed(jobStatus="SUCCEEDED") == ["gamma", "alphabet", "Beta", "alpha"]
    assert listed(jobStatus="FAILED") == ["beta"]
    assert listed() == []
    [summary] = batch.list_jobs(jobQueue=queue, jobStatus="FAILED")["jobSummaryList"]
    failed = ended[2]
    assert summary["container"] == {"exitCode": 1}
    assert summary["statusReason"] == "Essential container in task exited"
    for member in ("jobArn", "jobId", "createdAt", "startedAt", "stoppedAt", "status", "jobDefinition"):
        assert summary[member] == failed[member]


def test_by_name_whatever_its_case(ended: list[Any], listed: Make) -> None:
    assert listed(**by("JOB_NAME", "BETA")) == ["beta", "Beta"]
    assert listed(**by("JOB_NAME", "Alpha*"), jobStatus="FAILED") == ["alpha", "alphabet"]
    assert listed(**by("JOB_NAME", "*")) == ["alpha", "alphabet", "beta", "Beta", "gamma"]
    assert listed(**by("JOB_NAME", "none")) == []


def test_by_definition(ended: list[Any], listed: Make) -> None:
    assert listed(**by("JOB_DEFINITION", "one")) == ["gamma", "alphabet", "Beta", "alpha"]
    assert listed(**by("JOB_DEFINITION", "ONE")) == []
    assert listed(**by("JOB_DEFINITION", "one*")) == ["gamma", "alphabet", "Beta", "alpha", "beta"]
    assert listed(**by("JOB_DEFINITION", ended[1]["jobDefinition"])) == ["gamma", "Beta"]


def test_by_creation(ended: list[Any], listed: Make) -> None:
    middle = str(ended[2]["createdAt"])
    before = [one["jobName"] for one in reversed(ended) if one["createdAt"] < ended[2]["createdAt"]]
    after = [one["jobName"] for one in reversed(ended) if one["createdAt"] > ended[2]["createdAt"]]
    assert listed(**by("BEFORE_CREATED_AT", middle)) == before
    assert listed(**by("AFTER_CREATED_AT", middle)) == after


def test_refusals(batch: Any, queue: str) -> None:
    for request, text in (
        ({}, "Must specify"),
        ({"jobQueue": "none"}, "JobQueue none not found."),
        ({"jobQueue": queue, **by("COLOUR", "red")}, "Filter name"),
        ({"jobQueue": queue, **by("BEFORE_CREATED_AT", "yesterday")}, "milliseconds"),
        ({"jobQueue": queue, "nextToken": "made-up"}, "Invalid nextToken"),
        ({"jobQueue": queue, "filters": [{"name": "JOB_NAME", "values": ["a", "b"]}]}, "exactly one value"),
    ):
        with pytest.raises(ClientError, match=text):
            batch.list_jobs(**request)


def test_running_jobs_are_what_is_listed_by_default(submit: Make, reached: Make, listed: Make) -> None:
    job_id = submit("sleep 600")
    reached(job_id, "RUNNING")
    assert listed() == ["job"]
