"""Definitions and submissions in the shapes that workflow engines send (their sources): each gets through, and runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.file_systems import Folder
from batchyard.engines.process import namespaces

Make = Callable[..., Any]
SIZES = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]


def volumes(**paths: tuple[str, str]) -> dict[str, Any]:
    """Host volumes by name: the host's path and the container's."""
    return {
        "volumes": [{"name": name, "host": {"sourcePath": host}} for name, (host, _) in paths.items()],
        "mountPoints": [{"sourceVolume": name, "containerPath": path} for name, (_, path) in paths.items()],
    }


def toil(folder: Path) -> dict[str, Any]:
    shared = [folder / name for name in ("toil", "docker", "cwl", "user", "tmp", "work")]
    return {
        "container": {
            "image": "toil",
            **volumes(**{f"mnt{index}": (str(path), str(path)) for index, path in enumerate(shared)}),
            "resourceRequirements": SIZES,
            "privileged": True,
        },
        "retryStrategy": {"attempts": 3},
        "propagateTags": True,
        "overrides": {"command": ["/bin/sh", "-c", f"echo done > {folder}/work/file"], "environment": []},
        "wrote": folder / "work/file",
    }


def cromwell(folder: Path) -> dict[str, Any]:
    (folder / "fetch_and_run.sh").write_text("#!/bin/sh\necho done > /cromwell_root/file\n")
    (folder / "fetch_and_run.sh").chmod(0o755)
    return {
        "container": {
            "image": "ubuntu",
            "command": ["/var/scratch/fetch_and_run.sh"],
            "memory": 128,
            "vcpus": 1,
            "privileged": False,
            **volumes(
                fetchAndRunScript=(f"{folder}/fetch_and_run.sh", "/var/scratch/fetch_and_run.sh"),
                awsCliHome=(f"{folder}/aws-cli", "/usr/local/aws-cli"),
                localDisk=(f"{folder}/disk", "/cromwell_root"),
            ),
        },
        "overrides": {"environment": [{"name": "BATCH_FILE_TYPE", "value": "script"}]},
        "wrote": folder / "disk/file",
    }


def nextflow(folder: Path) -> dict[str, Any]:
    return {
        "container": {
            "image": "quay.io/biocontainers/bash",
            "command": ["true"],
            "resourceRequirements": SIZES,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/aws/batch/job", "awslogs-region": "us-east-1"},
            },
            "linuxParameters": {"sharedMemorySize": 64, "initProcessEnabled": True},
            "ulimits": [{"name": "nofile", "softLimit": 512, "hardLimit": 512}],
            **volumes(vol=(f"{folder}/miniconda", f"{folder}/miniconda")),
        },
        "parameters": {"nf-token": "token"},
        "overrides": {"command": ["bash", "-c", f"ulimit -n > {folder}/miniconda/file"]},
        "wrote": folder / "miniconda/file",
    }


def redun(folder: Path) -> dict[str, Any]:
    return {
        "container": {
            "command": ["false"],
            "image": "redun",
            "vcpus": 1,
            "memory": 4,
            "environment": [],
            "mountPoints": [],
            "volumes": [],
            "resourceRequirements": [],
            "ulimits": [],
            "privileged": False,
            "linuxParameters": {"sharedMemorySize": 16},
        },
        "overrides": {"vcpus": 1, "memory": 64, "command": ["/bin/sh", "-c", f"echo done > {folder}/file"]},
        "propagateTags": True,
        "wrote": folder / "file",
    }


def miniwdl(folder: Path) -> dict[str, Any]:
    efs = {
        "fileSystemId": "fs-0123456789abcdef0",
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0"},
    }
    return {
        "container": {
            "image": "ubuntu",
            "command": ["/bin/bash", "-c", "echo done > /mnt/efs/miniwdl-file"],
            "resourceRequirements": SIZES,
            "volumes": [{"name": "efs", "efsVolumeConfiguration": efs}],
            "mountPoints": [{"containerPath": "/mnt/efs", "sourceVolume": "efs"}],
            "privileged": False,
        },
        "overrides": {},
        "wrote": folder / "miniwdl-file",
    }


@pytest.fixture
def file_systems(app: Any, tmp_path: Path, account: str) -> Iterator[None]:
    """The access point that miniwdl names is the test's folder."""
    app.engines._file_systems = {"fsap-0123456789abcdef0": Folder(str(tmp_path), (account,))}
    yield
    app.engines._file_systems = {}


@pytest.mark.usefixtures("file_systems")
@pytest.mark.parametrize("client", [toil, cromwell, nextflow, redun, miniwdl])
def test_what_a_client_sends_gets_through(
    batch: Any, ec2_queue: Make, reached: Make, tmp_path: Path, client: Callable[[Path], dict[str, Any]]
) -> None:
    if namespaces.allowed() is None and client is not toil:
        pytest.skip("this machine lets no process have mounts of its own")
    sent = client(tmp_path)
    members = {name: sent[name] for name in ("retryStrategy", "propagateTags", "parameters") if name in sent}
    definition = batch.register_job_definition(
        jobDefinitionName=client.__name__, type="container", containerProperties=sent["container"], **members
    )["jobDefinitionArn"]
    (shown,) = batch.describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"]
    told = shown["containerProperties"]
    assert all(
        told[name] == value for name, value in sent["container"].items() if name in ("volumes", "mountPoints")
    )
    job_id = batch.submit_job(
        jobName="job", jobQueue=ec2_queue(), jobDefinition=definition, containerOverrides=sent["overrides"]
    )["jobId"]
    job = reached(job_id, seconds=40)
    assert (job["status"], job["container"].get("reason")) == ("SUCCEEDED", None)
    assert sent["wrote"].read_text() in ("done\n", "512\n")
