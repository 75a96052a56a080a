"""The setting `notify`: each change of a job's state, and a blocked queue, is told as AWS's event."""

from __future__ import annotations

import hmac
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from batchyard.config import Settings
from conftest import EXECUTION_POLICY, PACE, Serving, client, wait_for
from journeys.served import served
from services.batch.conftest import job_of

Make = Callable[..., Any]
ACCOUNT = "111111111111"
RAN = ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


class Listener:
    """A real HTTP endpoint that keeps what it takes; the first `refusals` of each job are refused with `status`."""

    def __init__(self, port: int = 0, *, refusals: int = 0, status: int = 500) -> None:
        self.heard: list[dict[str, Any]] = []
        self.bodies: list[tuple[bytes, str]] = []
        self._left: dict[str, int] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = json.loads(body)
                left = outer._left.setdefault(event["detail"]["jobId"], refusals)
                if left:
                    outer._left[event["detail"]["jobId"]] = left - 1
                else:
                    outer.bodies.append((body, self.headers["X-Batchyard-Signature"]))
                    outer.heard.append(event)
                self.send_response(status if left else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def of(self, job_id: str, kind: str = "Batch Job State Change") -> list[dict[str, Any]]:
        return [one for one in self.heard if one["detail"]["jobId"] == job_id and one["detail-type"] == kind]

    def statuses(self, job_id: str) -> list[str]:
        return [one["detail"]["status"] for one in self.of(job_id)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    one = Listener(refusals=1)
    yield one
    one.close()


@pytest.fixture(scope="module")
def serving(listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server that tells the listener, and signs with a key of ours."""
    key = tmp_path_factory.mktemp("notify") / "key"
    key.write_text("a secret\n")
    notify = f"http://127.0.0.1:{listener.port}/events?of=jobs"
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, slots=8, notify=notify, notify_key=key))
    yield one
    one.close()


def test_a_jobs_changes_are_told_in_their_order(
    batch: Any, listener: Listener, submit: Make, reached: Make, account: str
) -> None:
    job_id = submit("exit 3", retryStrategy={"attempts": 2})
    shown = reached(job_id)
    first = ["RUNNABLE", "STARTING", "RUNNING"]
    wait_for(lambda: listener.statuses(job_id)[-1:] == ["FAILED"])
    # A short attempt may have ended before it was seen to run.
    told = [one for one in listener.statuses(job_id) if one != "RUNNING"]
    assert told == [one for one in (*first, *first, "FAILED") if one != "RUNNING"]
    events = listener.of(job_id)
    last = events[-1]
    assert {name: last[name] for name in ("version", "source", "account", "region", "resources")} == {
        "version": "0",
        "source": "aws.batch",
        "account": account,
        "region": "us-east-1",
        "resources": [shown["jobArn"]],
    }
    assert last["detail"] == json.loads(json.dumps(shown))
    assert [len(one["detail"]["attempts"]) for one in events if one["detail"]["status"] == "RUNNABLE"] == [
        0,
        1,
    ]
    assert "exitCode" not in events[1]["detail"]["container"]
    assert len({one["id"] for one in events}) == len(events)
    time.strptime(last["time"], "%Y-%m-%dT%H:%M:%SZ")


def test_what_is_told_is_signed(listener: Listener, submit: Make, reached: Make) -> None:
    job_id = submit()
    reached(job_id)
    wait_for(lambda: listener.statuses(job_id)[-1:] == ["SUCCEEDED"])
    for body, signature in listener.bodies:
        moment, _, digest = signature.removeprefix("t=").partition(",v1=")
        assert hmac.new(b"a secret", f"{moment}.".encode() + body, "sha256").hexdigest() == digest
        assert abs(time.time() - int(moment)) < 300


def test_a_blocked_queue_is_told(batch: Any, listener: Listener, environment: Make, define: Make) -> None:
    order = [{"order": 1, "computeEnvironment": environment("small", maxvCpus=1)}]
    queue = batch.create_job_queue(jobQueueName="small", priority=1, computeEnvironmentOrder=order)
    large = [{"type": "VCPU", "value": "16"}, {"type": "MEMORY", "value": "32768"}]
    arn = define(container={"resourceRequirements": large})
    job_id = batch.submit_job(jobName="stuck", jobQueue="small", jobDefinition=arn)["jobId"]
    [event] = wait_for(lambda: listener.of(job_id, "Batch Job Queue Blocked"))
    shown = job_of(batch, job_id)
    assert event["detail"] == json.loads(json.dumps(shown))
    assert event["detail"]["statusReason"].startswith("MISCONFIGURATION:")
    assert event["resources"] == [shown["jobArn"], queue["jobQueueArn"]]


def test_children_and_parents_are_told(listener: Listener, submit: Make, reached: Make) -> None:
    parent = submit("true", arrayProperties={"size": 2})
    reached(parent)
    ids = [parent, f"{parent}:0", f"{parent}:1"]
    wait_for(lambda: [listener.statuses(one)[-1:] for one in ids] == [["SUCCEEDED"]] * 3)
    assert [listener.statuses(one)[0] for one in ids] == ["PENDING", "RUNNABLE", "RUNNABLE"]


def _ran(endpoint: str) -> str:
    """Have one job run on a server of its own; its id."""
    batch = client(endpoint, "batch", access_key=ACCOUNT)
    ec2, iam = (client(endpoint, one, access_key=ACCOUNT) for one in ("ec2", "iam"))
    network = {
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    batch.create_compute_environment(
        computeEnvironmentName="e",
        type="MANAGED",
        computeResources={"type": "FARGATE", "maxvCpus": 1, **network},
    )
    wait_for(lambda: batch.describe_compute_environments()["computeEnvironments"][0]["status"] == "VALID")
    order = [{"order": 1, "computeEnvironment": "e"}]
    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    allow = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=EXECUTION_POLICY)
    batch.register_job_definition(
        jobDefinitionName="d",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": "x",
            "command": ["sleep", "0.3"],
            "executionRoleArn": role,
            "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
        },
    )
    job_id: str = batch.submit_job(jobName="j", jobQueue="q", jobDefinition="d")["jobId"]
    wait_for(lambda: job_of(batch, job_id)["status"] in ("SUCCEEDED", "FAILED"))
    return job_id


def test_nobody_listens_and_the_server_is_killed(tmp_path: Path) -> None:
    """No job waits for it; what was not heard is told by the next server, once somebody listens."""
    silent = Listener()
    silent.close()
    notify = ("--notify", f"http://127.0.0.1:{silent.port}/")
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "0.01", *notify)
    with suppress(AssertionError), served(*options) as one:  # which wants servers to end well
        job_id = _ran(one.endpoint)
        one.process.send_signal(signal.SIGKILL)
        one.process.communicate()
    listener = Listener(silent.port)
    try:
        with served(*options):
            wait_for(lambda: listener.statuses(job_id)[-1:] == ["SUCCEEDED"], seconds=30)
        assert listener.statuses(job_id) == RAN
    finally:
        listener.close()


def test_a_command_reads_each_event(tmp_path: Path) -> None:
    """It fails for the first one, which it gets again; its name may have spaces, and what it says is nobody's."""
    script = tmp_path / "hear it.py"
    script.write_text(
        "import json, os, pathlib, sys\n"
        "place = pathlib.Path(__file__).parent\n"
        "if not (place / 'failed').exists():\n"
        "    (place / 'failed').touch()\n"
        "    sys.exit(1)\n"
        "event = json.load(sys.stdin)\n"
        "assert os.environ['BATCHYARD_SIGNATURE'].startswith('t=')\n"
        "print('said')\n"
        "with open(place / 'heard', 'a') as file:\n"
        "    print(event['detail']['status'], file=file)\n"
    )
    notify = f"{sys.executable} '{script}'"
    with served("--ephemeral", "--pace", "0.01", "--notify", notify) as one:
        _ran(one.endpoint)
        heard = tmp_path / "heard"
        wait_for(lambda: heard.exists() and "SUCCEEDED" in heard.read_text(), seconds=30)
    assert heard.read_text().split() == RAN
