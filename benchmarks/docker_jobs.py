"""`make bench-docker`: no-op jobs in containers through a server, beside the same containers by the bare SDK."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3

from docker_host.daemons import DockerHost, docker_host
from docker_host.images import BUSYBOX, make_images

JOBS = 40
AT_ONCE = 4
COMMAND = ["/bin/true"]


def by_the_sdk(host: DockerHost) -> float:
    """Seconds for all: made, started, waited for, their output read, removed."""
    client = host.client()

    def run(_: int) -> None:
        config = {"Image": BUSYBOX, "Cmd": COMMAND, "HostConfig": {"NetworkMode": "host"}}
        container = client.create_container_from_config(config)["Id"]
        client.start(container)
        client.wait(container)
        client.logs(container)
        client.remove_container(container)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.monotonic()
        list(pool.map(run, range(JOBS)))
        took = time.monotonic() - began
    client.close()
    return took


def by_a_server(host: DockerHost, directory: Path) -> float:
    """Seconds from the first SubmitJob to the last SUCCEEDED."""
    config = directory / "batchyard.toml"
    config.write_text(f'engine = "docker"\n[engines.docker]\nsocket = "{host.socket}"\nslots = {AT_ONCE}\n')
    command = [sys.executable, "-m", "batchyard", "serve", "--port", "0", "--output", "json", "--quickstart"]
    command += ["--config", str(config), "--data-dir", str(directory / "data")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        return _run(json.loads(server.stdout.readline())["endpoint"])
    finally:
        server.terminate()
        server.wait(30)


def _run(endpoint: str) -> float:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    # boto3's types know services by literal names alone.
    session: Any = boto3.Session()
    batch = session.client("batch", endpoint_url=endpoint, region_name="us-east-1", **keys)
    made = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"][0]["containerProperties"]
    properties = {
        "image": BUSYBOX,
        "command": COMMAND,
        "executionRoleArn": made["executionRoleArn"],
        "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
    }
    batch.register_job_definition(
        jobDefinitionName="nothing",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties=properties,
    )
    queue = batch.describe_job_queues()["jobQueues"][0]["jobQueueName"]
    began = time.monotonic()
    wanted = {"jobQueue": queue, "jobDefinition": "nothing"}
    left = [batch.submit_job(jobName=f"j{number}", **wanted)["jobId"] for number in range(JOBS)]
    while left:
        told = batch.describe_jobs(jobs=left)["jobs"]
        if failed := [one for one in told if one["status"] == "FAILED"]:
            raise SystemExit(f"a job failed: {failed[0]['statusReason']}")
        left = [one["jobId"] for one in told if one["status"] != "SUCCEEDED"]
        threading.Event().wait(0.05)
    return time.monotonic() - began


def main() -> None:
    """Both, in turns, with the better of two each."""
    with docker_host() as host, tempfile.TemporaryDirectory() as scratch:
        client = host.client()
        make_images(client, python=False)
        client.close()
        bare, served = [], []
        for turn in range(2):
            bare.append(by_the_sdk(host))
            directory = Path(scratch, str(turn))
            directory.mkdir()
            served.append(by_a_server(host, directory))
    print(
        f"{JOBS} no-op containers, {AT_ONCE} at once: {min(bare):.1f} s by the bare SDK, {min(served):.1f} s as jobs"
    )
    print(f"ratio {min(served) / min(bare):.2f} (aim: at most 1.2)")


if __name__ == "__main__":
    main()
