"""Multi-node parallel jobs: all nodes start together, the main node decides, and the others end with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.config import Settings
from conftest import PACE, Serving
from services.batch.conftest import ENDED, job_of

Make = Callable[..., Any]
SIZES = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
NODE, MAIN = "$AWS_BATCH_JOB_NODE_INDEX", "$AWS_BATCH_JOB_MAIN_NODE_INDEX"


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server of this module's own: a gang waits for as many free slots as it has nodes."""
    whole = Serving(Settings(ephemeral=True, port=0, pace=PACE, scale_down_delay=0.5, slots=8))
    yield whole
    whole.close()


def container(script: str, **changes: Any) -> dict[str, Any]:
    """containerProperties of nodes that run a shell script."""
    command = ["/bin/sh", "-c", script]
    return {"image": "busybox", "command": command, "resourceRequirements": SIZES, **changes}


def nodes(*ranges: tuple[str, str], count: int = 2, main: int = 0) -> dict[str, Any]:
    """nodeProperties with a script for each range."""
    return {
        "numNodes": count,
        "mainNode": main,
        "nodeRangeProperties": [
            {"targetNodes": target, "container": container(script)} for target, script in ranges
        ],
    }


@pytest.fixture
def define(batch: Any) -> Make:
    """`define(nodes(("0:", "true")))`: the ARN of a multinode job definition."""

    def make(properties: dict[str, Any], **request: Any) -> str:
        whole = {"jobDefinitionName": "many", "type": "multinode", "nodeProperties": properties, **request}
        arn: str = batch.register_job_definition(**whole)["jobDefinitionArn"]
        return arn

    return make


@pytest.fixture
def submit(batch: Any, define: Make, ec2_queue: Make) -> Make:
    """`submit(("0:", "true"), count=3)`: the id of a job with a script for each range of its nodes."""
    queue = ec2_queue(maxvCpus=16)

    def make(*ranges: tuple[str, str], count: int = 2, main: int = 0, **request: Any) -> str:
        arn = define(nodes(*ranges, count=count, main=main))
        job_id: str = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn, **request)["jobId"]
        return job_id

    return make


def all_of(batch: Any, job_id: str, count: int) -> list[Any]:
    return [job_of(batch, f"{job_id}#{index}") for index in range(count)]


LISTEN = (
    "import socket; door = socket.create_server(('', 0)); open('{place}', 'w').write(str(door.getsockname()[1]));"
    " print(sorted(door.accept()[0].recv(9).decode() for _ in range(2)))"
)
TALK = (
    "import os, socket; port = int(open('{place}').read());"
    " where = os.environ['AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS'];"
    " socket.create_connection((where, port)).send(os.environ['AWS_BATCH_JOB_NODE_INDEX'].encode())"
)


def test_nodes_talk_to_the_main_node_and_are_shown(
    batch: Any, submit: Make, reached: Make, said: Make, account: str, tmp_path: Any
) -> None:
    place = tmp_path / "port"
    listen, talk = (f'python3 -c "{one.format(place=place)}"' for one in (LISTEN, TALK))
    told = "echo $AWS_BATCH_JOB_ID $AWS_BATCH_JOB_NUM_NODES; "
    job_id = submit(
        ("1", told + listen),
        ("0:", told + f"while ! [ -s {place} ]; do sleep 0.05; done; {talk}; exec sleep 600"),
        count=3,
        main=1,
        tags={"made": "with"},
    )
    job = reached(job_id, seconds=60)
    assert (job["status"], job["statusReason"]) == ("SUCCEEDED", "Essential container in task exited")
    assert "container" not in job
    assert (job["nodeProperties"]["numNodes"], job["nodeProperties"]["mainNode"]) == (3, 1)
    assert [one["targetNodes"] for one in job["nodeProperties"]["nodeRangeProperties"]] == ["1", "0:"]
    [attempt] = job["attempts"]
    first, main, last = all_of(batch, job_id, 3)
    assert attempt["container"]["taskArn"] == main["container"]["taskArn"]
    assert (job["startedAt"], job["stoppedAt"]) == (main["startedAt"], main["stoppedAt"])
    assert said(main) == [f"{job_id}#1 3", "['0', '2']"]
    assert main["jobArn"] == f"arn:aws:batch:us-east-1:{account}:job/{job_id}#1"
    assert [one["nodeDetails"]["isMainNode"] for one in (first, main, last)] == [False, True, False]
    for index, node in ((0, first), (2, last)):
        assert node["nodeDetails"]["nodeIndex"] == index
        assert (node["status"], node["statusReason"]) == ("FAILED", "Main node exited")
        assert said(node) == [f"{job_id}#{index} 3"]
        assert node["container"]["command"][-1].endswith("sleep 600")
        assert (len(node["attempts"]), node["tags"]) == (1, {})
    listed = batch.list_jobs(multiNodeJobId=job_id, jobStatus="FAILED")["jobSummaryList"]
    assert [one["jobId"] for one in listed] == [f"{job_id}#0", f"{job_id}#2"]
    assert listed[0]["nodeProperties"] == {"nodeIndex": 0, "isMainNode": False}
    [parent] = batch.list_jobs(jobQueue="ec2", jobStatus="SUCCEEDED")["jobSummaryList"]
    assert (parent["jobId"], parent["nodeProperties"]) == (job_id, {"numNodes": 3})
    assert parent["container"] == {"exitCode": 0}
    pages = batch.get_paginator("list_jobs").paginate(
        multiNodeJobId=job_id, jobStatus="FAILED", PaginationConfig={"PageSize": 1}
    )
    assert [len(page["jobSummaryList"]) for page in pages] == [1, 1]


def test_another_node_that_fails_changes_nothing(batch: Any, submit: Make, reached: Make) -> None:
    job_id = submit(("0", "sleep 1"), ("1", "exit 3"), ("2", "no-such-command"), count=3)
    assert reached(job_id, seconds=60)["status"] == "SUCCEEDED"
    statuses = [(node["status"], node["container"]["exitCode"]) for node in all_of(batch, job_id, 3)]
    assert statuses == [("SUCCEEDED", 0), ("FAILED", 3), ("FAILED", 127)]


def test_a_main_node_that_fails_has_all_nodes_run_anew(
    batch: Any, submit: Make, reached: Make, tmp_path: Any
) -> None:
    count = f"echo {NODE} >> {tmp_path}/runs; sleep 0.3; "
    job_id = submit(
        ("0", count + "test $AWS_BATCH_JOB_ATTEMPT = 2"),
        ("1:", count + "exec sleep 600"),
        count=3,
        retryStrategy={"attempts": 3},
    )
    job = reached(job_id, seconds=60)
    assert (job["status"], [one["container"]["exitCode"] for one in job["attempts"]]) == ("SUCCEEDED", [1, 0])
    assert [len(node["attempts"]) for node in all_of(batch, job_id, 3)] == [2, 2, 2]
    assert sorted((tmp_path / "runs").read_text().split()) == ["0", "0", "1", "1", "2", "2"]


def test_more_nodes_than_slots_wait_beside_the_line(
    batch: Any, submit: Make, reached: Make, wait_for: Make
) -> None:
    """Eight slots: nine nodes never start, and what came later runs."""
    too_many = submit(("0:", "true"), count=9)
    later = submit(("0:", "true"), count=8)
    assert reached(later, seconds=60)["status"] == "SUCCEEDED"
    job = wait_for(lambda: (found := job_of(batch, too_many)).get("statusReason") and found)
    assert job["status"] == "RUNNABLE"
    assert job["statusReason"].startswith("MISCONFIGURATION:ENGINE_NODES - ")
    assert job_of(batch, f"{too_many}#8")["status"] == "RUNNABLE"
    batch.cancel_job(jobId=too_many, reason="too large")
    assert job_of(batch, too_many)["statusReason"] == "too large"
    assert job_of(batch, f"{too_many}#8")["status"] == "FAILED"


def test_two_jobs_that_do_not_fit_together_run_one_after_the_other(
    submit: Make, reached: Make, tmp_path: Any
) -> None:
    script = f"echo $AWS_BATCH_JOB_ID >> {tmp_path}/began; sleep 1"
    ids = [submit(("0:", script), count=5) for _ in range(3)]
    assert {reached(job_id, seconds=60)["status"] for job_id in ids} == {"SUCCEEDED"}
    began = [line.partition("#")[0] for line in (tmp_path / "began").read_text().split()]
    assert [len(list(nodes)) for _, nodes in itertools.groupby(began)] == [5, 5, 5]


def test_terminate_ends_all_nodes_and_a_node_is_not_ended_alone(
    batch: Any, submit: Make, reached: Make, wait_for: Make
) -> None:
    job_id = submit(("0:", "sleep 600"), count=3, retryStrategy={"attempts": 2})
    reached(job_id, "RUNNING", seconds=60)
    wait_for(lambda: len(batch.list_jobs(multiNodeJobId=job_id)["jobSummaryList"]) == 3)
    for end in (batch.cancel_job, batch.terminate_job):
        with pytest.raises(ClientError, match="can not be cancelled or terminated by itself"):
            end(jobId=f"{job_id}#1", reason="this one")
    [error] = batch.terminate_jobs(jobs=[f"{job_id}#1"], reason="this one")["errors"]
    assert (error["job"], error["code"]) == (f"{job_id}#1", "ValidationException")
    batch.terminate_job(jobId=job_id, reason="enough")
    job = reached(job_id)
    assert (job["status"], job["statusReason"], len(job["attempts"])) == ("FAILED", "enough", 1)
    assert {node["statusReason"] for node in all_of(batch, job_id, 3)} == {"enough"}


def test_overrides(batch: Any, submit: Make, define: Make, reached: Make, said: Make) -> None:
    other = {"environment": [{"name": "WHAT", "value": "other"}]}
    job_id = submit(
        ("0", "echo main; sleep 0.5"),
        ("1:", f"echo {NODE} $WHAT of $AWS_BATCH_JOB_NUM_NODES"),
        nodeOverrides={
            "numNodes": 4,
            "nodePropertyOverrides": [
                {
                    "targetNodes": "0:0",
                    "containerOverrides": {"command": ["sh", "-c", "echo Ref::word; sleep 1"]},
                },
                {"targetNodes": "1:", "containerOverrides": other},
            ],
        },
        parameters={"word": "changed"},
    )
    job = reached(job_id, seconds=60)
    assert (job["status"], job["nodeProperties"]["numNodes"]) == ("SUCCEEDED", 4)
    assert [said(node) for node in all_of(batch, job_id, 4)] == [
        ["changed"],
        *([f"{index} other of 4"] for index in (1, 2, 3)),
    ]
    ranges = job["nodeProperties"]["nodeRangeProperties"]
    assert [one["container"]["environment"] for one in ranges] == [[], other["environment"]]
    fixed = define(nodes(("0:1", "true")))
    cases: list[tuple[str, dict[str, Any], str]] = [
        (
            fixed,
            {"nodeOverrides": {"numNodes": 3}},
            "NumNodes override can only be applied if the job definition",
        ),
        (
            fixed,
            {"nodeOverrides": {"nodePropertyOverrides": [{"targetNodes": "0:0"}]}},
            "NodeOverride targets should match job definition. Non matching targets - 0:0",
        ),
        ("many:1", {"nodeOverrides": {"numNodes": 1001}}, "Number of nodes must be between 1 and 1000."),
        ("many:1", {"nodeOverrides": {"numNodes": 1}}, "must be less than numNodes"),
        ("many:1", {"containerOverrides": {"command": ["x"]}}, "containerOverrides is not applicable"),
        ("many:1", {"arrayProperties": {"size": 2}}, "arrayProperties is not applicable"),
    ]
    for definition, request, text in cases:
        with pytest.raises(ClientError, match=text) as refused:
            batch.submit_job(jobName="j", jobQueue="ec2", jobDefinition=definition, **request)
        assert refused.value.response["Error"]["Code"] == "ClientException"
    with pytest.raises(ClientError, match="does not exist"):
        batch.submit_job(
            jobName="j", jobQueue="ec2", jobDefinition=fixed, dependsOn=[{"jobId": f"{job_id}#0"}]
        )


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        (None, "Node properties of multinode job is required."),
        (nodes(("0:", "true"), count=0), "Number of nodes must be between 1 and 1000."),
        (nodes(("0:", "true"), count=1001), "Number of nodes must be between 1 and 1000."),
        (nodes(("0:", "true"), main=2), "Main node index is out of range, must be less than numNodes."),
        (nodes(("0:", "true"), main=-1), "Main node index is out of range"),
        (nodes(*[("0:", "true")] * 6), "Maximum allowed size of node range properties is 5"),
        (nodes(("a:b", "true")), "targetNodes should contain only digits."),
        (nodes(("-1:", "true")), "targetNodes should contain only digits."),
        (nodes(("1:0", "true")), "targetNodes should contain only digits."),
        (nodes(("", "true")), "targetNodes should contain only digits."),
        (nodes(("0:2", "true")), "must be less than numNodes"),
        (nodes(("1:", "true")), "Node ranges must account for all nodes: none has node 0."),
        (nodes(), "Node range properties of multinode job is required."),
    ],
)
def test_properties_that_are_refused(batch: Any, properties: Any, text: str) -> None:
    given = {} if properties is None else {"nodeProperties": properties}
    with pytest.raises(ClientError) as refused:
        batch.register_job_definition(jobDefinitionName="many", type="multinode", **given)
    assert text in refused.value.response["Error"]["Message"]
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert batch.describe_job_definitions()["jobDefinitions"] == []


def test_where_nodes_do_not_run(batch: Any, aws: Make, define: Make, queue: str) -> None:
    with pytest.raises(ClientError, match="not applicable for Fargate"):
        define(nodes(("0:", "true")), platformCapabilities=["FARGATE"])
    arn = define(nodes((":", "true")))
    [shown] = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    assert (shown["type"], shown["nodeProperties"]["nodeRangeProperties"][0]["container"]["volumes"]) == (
        "multinode",
        [],
    )
    with pytest.raises(ClientError):
        batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)
    assert all(
        not batch.list_jobs(jobQueue=queue, jobStatus=one)["jobSummaryList"] for one in ("RUNNABLE", *ENDED)
    )
