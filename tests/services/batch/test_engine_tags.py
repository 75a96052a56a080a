"""Several engines in one server: which one runs a job is the tag of its environment, within what the settings list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.config import Settings
from batchyard.engines import tables
from conftest import Serving
from services.batch.conftest import job_of, queue_of
from services.batch.environments import on_fargate, settled

Make = Callable[..., Any]
TAG = "batchyard:engine"
TABLES = {
    "second": {"kind": "process", "slots": 3, "endpoint": "https://batchyard.example.com/"},
    "private": {"kind": "process", "accounts": ["999999999999"]},
}


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    one = Serving(
        Settings(ephemeral=True, port=0, pace=0.02, slots=8, engine="process", engines=tables.read(TABLES))
    )
    yield one
    one.close()


def make(batch: Any, aws: Make, wait_for: Make, name: str, **tags: str) -> None:
    """A VALID Fargate environment with these tags, and a queue of the same name on it."""
    given: dict[str, Any] = {"tags": tags} if tags else {}
    batch.create_compute_environment(
        computeEnvironmentName=name, type="MANAGED", computeResources=on_fargate(aws), **given
    )
    assert settled(batch, name)["status"] == "VALID"
    order = [{"order": 1, "computeEnvironment": name}]
    batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
    wait_for(lambda: queue_of(batch, name)["status"] == "VALID")


def test_an_environments_tag_chooses_the_engine(
    app: Any, batch: Any, aws: Make, define: Make, reached: Make, wait_for: Make
) -> None:
    make(batch, aws, wait_for, "here")
    make(batch, aws, wait_for, "there", **{TAG: "second"})
    jobs = {
        name: batch.submit_job(
            jobName="j", jobQueue=name, jobDefinition=define("echo $PWD $AWS_ENDPOINT_URL; exit 3")
        )["jobId"]
        for name in ("here", "there")
    }
    seen: dict[str, str] = {}
    for name, job_id in jobs.items():
        job = reached(job_id)
        assert job["container"]["exitCode"] == 3
        [line] = aws("logs").get_log_events(
            logGroupName="/aws/batch/job", logStreamName=job["container"]["logStreamName"]
        )["events"]
        seen[name] = line["message"]
    second = str(app.directory / "engines" / "second")
    assert seen["there"].startswith(second)
    assert not seen["here"].startswith(second)
    assert seen["there"].endswith(" https://batchyard.example.com")
    assert seen["here"].endswith(f" {app.runtime.endpoint}")
    ecs = aws("ecs")
    [cluster] = [
        one
        for one in ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"], include=["TAGS"])[
            "clusters"
        ]
        if any(tag["key"] == TAG for tag in one["tags"])
    ]
    assert {"key": TAG, "value": "second"} in cluster["tags"]


@pytest.mark.parametrize("name", ["nowhere", "private"])
def test_an_engine_that_is_not_the_accounts_is_refused(batch: Any, aws: Make, name: str) -> None:
    with pytest.raises(ClientError, match=f"{name} is not one of process, second"):
        batch.create_compute_environment(
            computeEnvironmentName="e",
            type="MANAGED",
            computeResources=on_fargate(aws),
            tags={TAG: name},
        )
    with pytest.raises(ClientError, match=f"{name} is not one of process, second"):
        aws("ecs").create_cluster(clusterName="c", tags=[{"key": TAG, "value": name}])
    assert batch.describe_compute_environments()["computeEnvironments"] == []
    assert aws("ecs").list_clusters()["clusterArns"] == []


def test_an_environments_engine_changes_while_no_job_runs_there(
    app: Any, batch: Any, aws: Make, define: Make, reached: Make, wait_for: Make, tmp_path: Path
) -> None:
    make(batch, aws, wait_for, "moving")
    [shown] = batch.describe_compute_environments(computeEnvironments=["moving"])["computeEnvironments"]
    arn, cluster = shown["computeEnvironmentArn"], shown["ecsClusterArn"]
    gate = tmp_path / "gate"
    waiting = define(f"until [ -e {gate} ]; do sleep 0.02; done")

    def submit() -> str:
        answer = batch.submit_job(jobName="j", jobQueue="moving", jobDefinition=waiting)
        job_id: str = answer["jobId"]
        return job_id

    def tagged() -> str:
        found = aws("ecs").list_tags_for_resource(resourceArn=cluster)["tags"]
        return next((one["value"] for one in found if one["key"] == TAG), "")

    job_id = submit()
    reached(job_id, "RUNNING")
    with pytest.raises(ClientError, match="changes only while none does"):
        batch.tag_resource(resourceArn=arn, tags={TAG: "second"})
    batch.tag_resource(resourceArn=arn, tags={"a": "b"})
    gate.touch()
    reached(job_id)
    with pytest.raises(ClientError, match="nowhere is not one of"):
        batch.tag_resource(resourceArn=arn, tags={TAG: "nowhere"})
    batch.tag_resource(resourceArn=arn, tags={TAG: "second"})
    wait_for(lambda: tagged() == "second")
    gate.unlink()
    job_id = submit()
    reached(job_id, "RUNNING")
    assert len(app.engines["second"].recover()) == 1
    with pytest.raises(ClientError, match="changes only while none does"):
        batch.untag_resource(resourceArn=arn, tagKeys=[TAG])
    gate.touch()
    reached(job_id)
    batch.untag_resource(resourceArn=arn, tagKeys=[TAG])
    wait_for(lambda: tagged() == "")
    assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}


def test_a_clusters_engine_changes_while_nothing_runs_there(
    app: Any, aws: Make, wait_for: Make, tmp_path: Path
) -> None:
    ecs = aws("ecs")
    arn = ecs.create_cluster(clusterName="c")["cluster"]["clusterArn"]
    gate = tmp_path / "gate"
    ecs.register_task_definition(
        family="work",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "one",
                "image": "busybox",
                "command": ["/bin/sh", "-c", f"until [ -e {gate} ]; do sleep 0.02; done"],
            }
        ],
    )
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}

    def run() -> str:
        answer = ecs.run_task(
            cluster="c", taskDefinition="work", launchType="FARGATE", networkConfiguration=network
        )
        task: str = answer["tasks"][0]["taskArn"]
        return task

    def status(task: str) -> str:
        found: str = ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"]
        return found

    first = run()
    wait_for(lambda: status(first) == "RUNNING")
    for change in (
        lambda: ecs.tag_resource(resourceArn=arn, tags=[{"key": TAG, "value": "second"}]),
        lambda: ecs.tag_resource(resourceArn=arn, tags=[{"key": TAG, "value": "nowhere"}]),
    ):
        with pytest.raises(ClientError, match=TAG):
            change()
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "other", "value": "x"}, {"key": TAG, "value": ""}])
    gate.touch()
    wait_for(lambda: status(first) == "STOPPED")
    ecs.tag_resource(resourceArn=arn, tags=[{"key": TAG, "value": "second"}])
    gate.unlink()
    second = run()
    wait_for(lambda: status(second) == "RUNNING")
    held = [one.attempt for one in app.engines["second"].recover()]
    assert held == [second.rsplit("/", 1)[-1]]
    with pytest.raises(ClientError, match="changes only while nothing runs there"):
        ecs.untag_resource(resourceArn=arn, tagKeys=[TAG])
    gate.touch()
    wait_for(lambda: status(second) == "STOPPED")
    ecs.untag_resource(resourceArn=arn, tagKeys=[TAG])


def test_a_job_whose_engine_is_not_open_any_more_waits_and_says_so(
    app: Any, batch: Any, aws: Make, define: Make, reached: Make, wait_for: Make, monkeypatch: Any
) -> None:
    """As after a restart without that engine in the settings."""
    make(batch, aws, wait_for, "there", **{TAG: "second"})
    with monkeypatch.context() as changed:
        changed.setattr(app.engines, "names_for", lambda account: ["process"])
        job_id = batch.submit_job(jobName="j", jobQueue="there", jobDefinition=define())["jobId"]
        wait_for(lambda: "an engine that is open" in job_of(batch, job_id).get("statusReason", ""))
        assert job_of(batch, job_id)["status"] == "RUNNABLE"
    assert reached(job_id)["status"] == "SUCCEEDED"
