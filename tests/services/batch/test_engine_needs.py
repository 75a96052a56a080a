"""What a job asks of its engine: accepted as AWS accepts it, refused or placed by what engines make true."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.engines.abilities import Abilities
from batchyard.engines.file_systems import Folder
from batchyard.engines.powers import CLOSED
from batchyard.engines.process import namespaces
from services.batch.conftest import job_of, queue_of
from services.batch.environments import make_instance_profile, on_instances, settled

Make = Callable[..., Any]
SIZES = {"vcpus": 1, "memory": 128}
ROLE = {"executionRoleArn": "r"}


@pytest.fixture
def queue(batch: Any, aws: Make, wait_for: Make) -> str:
    """A queue on an EC2 environment."""
    make_instance_profile(aws)
    batch.create_compute_environment(
        computeEnvironmentName="ec2", type="MANAGED", computeResources=on_instances(aws, maxvCpus=2)
    )
    assert settled(batch, "ec2")["status"] == "VALID"
    order = [{"order": 1, "computeEnvironment": "ec2"}]
    batch.create_job_queue(jobQueueName="ec2", priority=1, computeEnvironmentOrder=order)
    wait_for(lambda: queue_of(batch, "ec2")["status"] == "VALID")
    return "ec2"


def define(batch: Any, script: str = "true", **container: Any) -> str:
    arn: str = batch.register_job_definition(
        jobDefinitionName="work",
        type="container",
        containerProperties={
            "image": "busybox",
            "command": ["/bin/sh", "-c", script],
            **SIZES,
            **container,
        },
    )["jobDefinitionArn"]
    return arn


def mounting(host: str | None, path: str, **mount: Any) -> dict[str, Any]:
    source: dict[str, Any] = {} if host is None else {"host": {"sourcePath": host}}
    return {
        "volumes": [{"name": "v", **source}],
        "mountPoints": [{"sourceVolume": "v", "containerPath": path, **mount}],
    }


def contains(shown: Any, given: Any) -> bool:
    """Is all that was given in what is shown? AWS adds empty members."""
    if isinstance(given, dict):
        return all(contains(shown.get(name), value) for name, value in given.items())
    if isinstance(given, list):
        return len(shown) == len(given) and all(map(contains, shown, given))
    return bool(shown == given)


ASKING = [
    ({"user": "nobody"}, "`user`"),
    ({"linuxParameters": {"devices": [{"hostPath": "/dev/null"}]}}, "`linuxParameters.devices`"),
    ({"linuxParameters": {"maxSwap": 0}}, "`linuxParameters.maxSwap`"),
    ({"linuxParameters": {"maxSwap": 1, "swappiness": 60}}, "swap"),
    ({"command": []}, "`command, left to the image`"),
    ({"enableExecuteCommand": True}, "`enableExecuteCommand`"),
    (ROLE | {"secrets": [{"name": "S", "valueFrom": "parameter"}]}, "`secrets`"),
    ({"repositoryCredentials": {"credentialsParameter": "secret"}}, "`repositoryCredentials`"),
    ({"logConfiguration": {"logDriver": "splunk"}}, "`logConfiguration.logDriver other than awslogs`"),
]


@pytest.mark.parametrize(("container", "named"), ASKING, ids=[named for _, named in ASKING])
def test_it_is_registered_and_what_no_engine_of_the_queue_makes_true_is_refused_at_submission(
    batch: Any, queue: str, container: dict[str, Any], named: str
) -> None:
    arn = define(batch, **container)
    shown = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"][0]["containerProperties"]
    assert contains(shown, container)
    with pytest.raises(ClientError) as caught:
        batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)
    error: Any = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert named in error["Error"]["Message"]
    assert "on the engine `process`" in error["Error"]["Message"]
    assert batch.list_jobs(jobQueue=queue, jobStatus="RUNNABLE")["jobSummaryList"] == []


@pytest.mark.parametrize(
    ("container", "text"),
    [
        (
            {"mountPoints": [{"sourceVolume": "none", "containerPath": "/a"}]},
            "Unknown volume.",
        ),
        (mounting("relative", "/a"), "must be an absolute path"),
        ({"volumes": [{"name": "a"}, {"name": "a"}]}, "Duplicate volume name"),
        ({"ulimits": [{"name": "files", "softLimit": 1, "hardLimit": 1}]}, "Ulimit name files"),
        ({"ulimits": [{"name": "nofile", "softLimit": 2, "hardLimit": 1}]}, "higher than its hard limit"),
        ({"linuxParameters": {"swappiness": 101}}, "between 0 and 100"),
        ({"volumes": [{"name": "a b"}]}, "Volume name a b"),
        (
            {
                "volumes": [
                    {
                        "name": "v",
                        "host": {"sourcePath": "/v"},
                        "efsVolumeConfiguration": {"fileSystemId": "fs-1"},
                    }
                ]
            },
            "only one volume configuration type should be used",
        ),
        (
            {
                "volumes": [
                    {
                        "name": "v",
                        "efsVolumeConfiguration": {
                            "fileSystemId": "fs-1",
                            "authorizationConfig": {"iam": "ENABLED"},
                        },
                    }
                ]
            },
            "Transit encryption must be enabled",
        ),
        ({"user": "no name"}, "User 'no name' does not match regex"),
        (
            {"secrets": [{"name": "S", "valueFrom": "p"}]},
            "executionRoleArn cannot be empty when using secrets",
        ),
        (ROLE | {"secrets": [{"name": "S", "valueFrom": "arn:aws:s3:::b"}]}, "valueFrom must be the ARN"),
        (
            {"logConfiguration": {"logDriver": "awslogs", "options": {"tag": "x"}}},
            "Log driver awslogs disallows options: tag",
        ),
        ({"ephemeralStorage": {"sizeInGiB": 30}}, "ephemeralStorage not applicable for EC2"),
        ({"runtimePlatform": {"cpuArchitecture": "ARM64"}}, "runtimePlatform is not applicable for EC2."),
        ({"instanceType": "m5.large"}, "instanceType is only applicable for multi-node"),
        ({"linuxParameters": {"tmpfs": [{"containerPath": "t", "size": 1}]}}, "tmpfs"),
    ],
)
def test_what_aws_refuses_is_refused_at_registration(
    batch: Any, container: dict[str, Any], text: str
) -> None:
    with pytest.raises(ClientError, match=text) as caught:
        define(batch, **container)
    response: Any = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert batch.describe_job_definitions()["jobDefinitions"] == []


def test_a_folder_of_the_host_is_mounted_at_its_own_path(
    batch: Any, queue: str, reached: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "made" / "for it"
    arn = define(batch, f"echo kept > '{folder}/file'", **mounting(str(folder), str(folder)))
    job = reached(batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"], seconds=40)
    assert job["status"] == "SUCCEEDED"
    assert job["container"]["mountPoints"][0]["containerPath"] == str(folder)
    assert (folder / "file").read_text() == "kept\n"


MOUNTED = [
    ({"linuxParameters": {"sharedMemorySize": 64}}, "df -k /dev/shm | grep -q ' 65536 '", "sharedMemorySize"),
    (
        {"linuxParameters": {"tmpfs": [{"containerPath": "/batchyard", "size": 1}]}},
        "df -k /batchyard | grep -q ' 1024 '",
        "linuxParameters.tmpfs",
    ),
    (mounting("/etc", "/batchyard"), "test -e /batchyard/passwd", "another path"),
    (mounting(None, "/batchyard"), "touch /batchyard/file", "another path"),
    (mounting("/etc", "/etc", readOnly=True), "! touch /etc/batchyard", "readOnly"),
]


@pytest.mark.parametrize(("container", "script", "named"), MOUNTED, ids=[named for *_, named in MOUNTED])
def test_what_takes_mounts_is_made_true_where_the_machine_lets_jobs_have_them(
    batch: Any, queue: str, reached: Make, container: dict[str, Any], script: str, named: str
) -> None:
    arn = define(batch, script, **container)
    if namespaces.allowed() is None:
        with pytest.raises(ClientError, match=named):
            batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)
        return
    job = reached(batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"], seconds=40)
    assert job["status"] == "SUCCEEDED"


def test_a_file_system_is_the_folder_that_the_settings_name(
    app: Any, batch: Any, queue: str, reached: Make, tmp_path: Path, account: str
) -> None:
    efs = {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}
    points = [{"sourceVolume": "v", "containerPath": "/batchyard"}]
    definition = {"volumes": [{"name": "v", "efsVolumeConfiguration": efs}], "mountPoints": points}
    arn = define(batch, "echo kept > /batchyard/file", **definition)
    if namespaces.allowed() is None:
        pytest.skip("this machine lets no process have mounts of its own")
    with pytest.raises(ClientError, match=r"the setting `\[file_systems.fs-1\]` names none") as refused:
        batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)
    response: Any = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    app.engines._file_systems = {"fs-1": Folder(str(tmp_path), (account,))}
    try:
        job = reached(batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"], seconds=40)
    finally:
        app.engines._file_systems = {}
    assert job["status"] == "SUCCEEDED"
    assert (tmp_path / "file").read_text() == "kept\n"


def test_neutral_values_ask_for_nothing(batch: Any, queue: str, reached: Make) -> None:
    neutral: dict[str, Any] = {
        "volumes": [{"name": "unused"}],
        "mountPoints": [],
        "ulimits": [],
        "linuxParameters": {"initProcessEnabled": False, "devices": [], "tmpfs": []},
        "privileged": False,
    }
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=define(batch, **neutral))["jobId"]
    assert reached(job_id, seconds=40)["status"] == "SUCCEEDED"


def test_a_job_that_no_engine_can_run_any_more_waits_and_says_so(
    app: Any, batch: Any, queue: str, reached: Make, wait_for: Make, tmp_path: Path
) -> None:
    """As after a restart with another engine: the settings of the running one are changed in its place."""
    batch.update_compute_environment(computeEnvironment="ec2", state="DISABLED")
    assert settled(batch, "ec2")["status"] == "VALID"
    arn = define(batch, **mounting(str(tmp_path), str(tmp_path)))
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"]
    had: Abilities = app.engine.abilities
    app.engine.abilities = dataclasses.replace(had, honoured=frozenset())
    try:
        batch.update_compute_environment(computeEnvironment="ec2", state="ENABLED")
        wait_for(lambda: "MISCONFIGURATION:ENGINE_ABILITIES" in job_of(batch, job_id).get("statusReason", ""))
        assert job_of(batch, job_id)["status"] == "RUNNABLE"
        assert "host_volumes" in job_of(batch, job_id)["statusReason"]
    finally:
        app.engine.abilities = had
    assert reached(job_id, seconds=40)["status"] == "SUCCEEDED"


def test_a_job_that_the_settings_give_nothing_of_the_host_any_more_waits_and_says_so(
    app: Any, batch: Any, queue: str, reached: Make, wait_for: Make, tmp_path: Path, monkeypatch: Any
) -> None:
    """As after a restart with other settings."""
    batch.update_compute_environment(computeEnvironment="ec2", state="DISABLED")
    assert settled(batch, "ec2")["status"] == "VALID"
    arn = define(batch, **mounting(str(tmp_path), str(tmp_path)))
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"]
    with monkeypatch.context() as changed:
        changed.setitem(app.engines._powers, "process", CLOSED)
        with pytest.raises(ClientError, match="`host_paths` does not give it"):
            batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)
        batch.update_compute_environment(computeEnvironment="ec2", state="ENABLED")
        wait_for(lambda: "asks of the host" in job_of(batch, job_id).get("statusReason", ""))
        assert job_of(batch, job_id)["status"] == "RUNNABLE"
    assert reached(job_id, seconds=40)["status"] == "SUCCEEDED"
