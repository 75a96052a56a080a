"""One story that takes every controller through its states: environments, queues, jobs, and the end of them all.

Each act is done until it is known to be done, whatever server answers: a lost answer is looked for, a failure of
the server (5xx) is tried again. What was acknowledged is kept, for the invariants.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import botocore.exceptions

from conftest import EXECUTION_POLICY, INSTANCE_POLICY
from faults.stage import Stage

PATIENCE_SECONDS = 60.0
EVERY_SECONDS = 0.05
ENDED = ("SUCCEEDED", "FAILED")
ARRAY_SIZE, STOPPED_SIZE = 3, 600
"""Of the array that runs, and of the one that is cancelled while its children are made: that takes two writes."""
NODES = 3
"""Of the multi-node parallel job."""
MEET = """
if [ $AWS_BATCH_JOB_NODE_INDEX != 0 ]; then exec sleep 60; fi
all="^${{AWS_BATCH_JOB_ID%#*}}#[0-9]* $AWS_BATCH_JOB_ATTEMPT$"
while [ $(grep -c "$all" {markers}) -lt {nodes} ]; do sleep 0.05; done
"""
"""The main node goes when all nodes of its attempt were there; the others stay until they are stopped."""
RESOURCES = {"licence": "REPLENISHABLE", "paper": "NON_REPLENISHABLE"}
TOTAL = 20
"""Of each of them: what the jobs that need one of each hold at once is less."""
ASKS = f"""exec {sys.executable} -c '
import os, time, urllib.error, urllib.request
asked = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
asked.add_header("Authorization", os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
while True:
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            raise SystemExit(b":role/nodes" not in answer.read())
    except urllib.error.HTTPError as error:
        if error.code in (401, 403, 404):
            raise SystemExit(error.code - 400)
    except OSError:
        pass
    time.sleep(0.05)
'"""
"""A job that asks for its role's credentials, whatever becomes of the server: its token holds as long as it runs."""
ROLE = "AWSServiceRoleForBatch"
OUTPUT = "/aws/batch/job"
_LOST = (
    botocore.exceptions.EndpointConnectionError,
    botocore.exceptions.ConnectionClosedError,
    botocore.exceptions.ReadTimeoutError,
)


def _needing(names: Iterable[str]) -> dict[str, Any]:
    """The properties of a job that needs one of each."""
    return {"consumableResourceList": [{"consumableResource": name, "quantity": 1} for name in names]}


class NotThere(Exception):
    """What was waited for did not come."""


class Scene:
    """The acts in their order; `play` is all of them."""

    def __init__(self, stage: Stage, *, at_once: bool = False) -> None:
        """`at_once`: a server that the fault struck and that lives on is ended before the next call."""
        self.stage = stage
        self.jobs: dict[str, str] = {}
        """The ids of acknowledged jobs, by name."""
        self.left: dict[str, Any] = {}
        """The resources as they were described once all jobs had ended."""
        self.shares: list[tuple[Any, ...]] = []
        """The shares as they were counted then: name, running vCPUs, waiting and unfinished jobs, usage."""
        self.failures: list[str] = []
        """What the server said of its own failures."""
        self._restarted = stage.fault is None
        self._at_once = at_once

    def play(self) -> None:
        for act in (self.make_roles, self.make_environments, self.make_queues, self.run_jobs):
            act()
            self._restart_once()
        for act in (
            self.delete_resources,
            self.delete_queues,
            self.delete_environments,
            self.delete_output,
            self.delete_role,
        ):
            act()
            self._restart_once()

    def _restart_once(self) -> None:
        """A server that the fault struck and that lives on is ended, too, where the act has come to its end."""
        if not self._restarted and self.stage.has_struck:
            self._restarted = True
            self.stage.restart(signal.SIGKILL)

    def do(self, service: str, operation: str, *, done: tuple[str, ...] = (), **request: Any) -> Any:
        """One call until it is answered; an error whose code or text is in `done` says that it was done before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            if self._at_once:
                self._restart_once()
            try:
                return getattr(self.stage.client(service), operation)(**request)
            except botocore.exceptions.ClientError as error:
                if any(one in str(error) for one in done):
                    return None
                self._judge(error)
            except _LOST:
                self._revive()
            if time.monotonic() > deadline:
                raise NotThere(f"{service} {operation} is not answered")
            threading.Event().wait(EVERY_SECONDS)

    def _judge(self, error: botocore.exceptions.ClientError) -> None:
        """Only a failure of the server's own is tried again; it has its protocol's form, with a request id."""
        metadata = error.response["ResponseMetadata"]
        if metadata["HTTPStatusCode"] < 500:
            raise error
        assert metadata.get("RequestId"), error.response
        assert error.response["Error"]["Code"] not in ("", "500", None), error.response
        self.failures.append(str(error))

    def _revive(self) -> None:
        """The connection is gone: so must the server be, and another one takes over."""
        for _ in range(200):
            if not self.stage.is_alive():
                self._restarted = True
                self.stage.restart()
                return
            threading.Event().wait(0.01)
        raise AssertionError("the server lives and does not answer")

    def revive_if_dead(self) -> None:
        """For who looks past the server: start another one where it died."""
        if not self.stage.is_alive():
            self._revive()

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait until the condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        value = condition()
        while not value:
            if time.monotonic() > deadline:
                raise NotThere(what)
            threading.Event().wait(EVERY_SECONDS)
            value = condition()
        return value

    # The acts.

    def make_roles(self) -> None:
        trust = {
            "Effect": "Allow",
            "Principal": {
                "Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "spotfleet.amazonaws.com"]
            },
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]})
        exists = ("EntityAlreadyExists", "LimitExceeded")
        self.do("iam", "create_role", done=exists, RoleName="nodes", AssumeRolePolicyDocument=document)
        for policy in (INSTANCE_POLICY, EXECUTION_POLICY):
            self.do("iam", "attach_role_policy", RoleName="nodes", PolicyArn=policy)
        self.do("iam", "create_instance_profile", done=exists, InstanceProfileName="nodes")
        self.do(
            "iam", "add_role_to_instance_profile", done=exists, InstanceProfileName="nodes", RoleName="nodes"
        )

    def make_environments(self) -> None:
        network = {
            "subnets": [one["SubnetId"] for one in self.do("ec2", "describe_subnets")["Subnets"]][:2],
            "securityGroupIds": [
                one["GroupId"] for one in self.do("ec2", "describe_security_groups")["SecurityGroups"]
            ],
        }
        machines = {
            "minvCpus": 0, "maxvCpus": 8, "instanceTypes": ["c5.large"], "instanceRole": "nodes", **network,
        }  # fmt: skip
        for name, resources in {
            "fargate": {"type": "FARGATE", "maxvCpus": 8, **network},
            "groups": {"type": "EC2", **machines},
            "fleets": {
                "type": "SPOT",
                "spotIamFleetRole": f"arn:aws:iam::{self.stage.account}:role/nodes",
                **machines,
            },
        }.items():
            self._make_environment(name, computeResources=resources)
        self._make_kubernetes(network)
        for name in ("fargate", "groups", "fleets"):
            self.until(lambda name=name: self._is_valid(name), f"environment {name} VALID")  # type: ignore[misc]

    def _make_environment(self, name: str, **request: Any) -> None:
        self.do(
            "batch",
            "create_compute_environment",
            done=("Object already exists",),
            computeEnvironmentName=name,
            type="MANAGED",
            tags={"made": "by a scene"},
            **request,
        )

    def _make_kubernetes(self, network: dict[str, Any]) -> None:
        self.do(
            "eks",
            "create_cluster",
            done=("ResourceInUseException",),
            name="kubernetes",
            roleArn=f"arn:aws:iam::{self.stage.account}:role/nodes",
            resourcesVpcConfig={"subnetIds": network["subnets"]},
        )
        self.until(
            lambda: self.do("eks", "describe_cluster", name="kubernetes")["cluster"]["status"] == "ACTIVE",
            "the Kubernetes cluster",
        )

    def environment(self, name: str) -> Any:
        """An environment as described, or None."""
        found = self.do("batch", "describe_compute_environments", computeEnvironments=[name])
        return (found["computeEnvironments"] or [None])[0]

    def _is_valid(self, name: str) -> bool:
        shown = self.environment(name)
        assert shown is not None, f"environment {name} was acknowledged and is not there"
        assert shown["tags"] == {"made": "by a scene"}
        return bool(shown["status"] == "VALID")

    def _is_settled(self, name: str) -> bool:
        shown = self.environment(name)
        return shown is not None and shown["status"] in ("VALID", "INVALID")

    def make_queues(self) -> None:
        """Of the queue on Fargate each job is of a share of its own."""
        fair = {"shareDecaySeconds": 600, "computeReservation": 1}
        self.do(
            "batch",
            "create_scheduling_policy",
            done=("Object already exists",),
            name="fair",
            fairsharePolicy=fair,
        )
        for name in ("fargate", "groups", "fleets"):
            order = [{"order": 1, "computeEnvironment": name}]
            if name == "groups":
                order.append({"order": 2, "computeEnvironment": "fleets"})
            self.do(
                "batch",
                "create_job_queue",
                done=("Object already exists",),
                jobQueueName=name,
                priority=1,
                computeEnvironmentOrder=order,
                **({"schedulingPolicyArn": self._policy()} if name == "fargate" else {}),
            )
        self.until(lambda: self._queue_statuses() == {"VALID": 3}, "the queues VALID")
        for kind in ("FARGATE", "EC2"):
            self._define(kind)

    def _policy(self) -> str:
        return f"arn:aws:batch:us-east-1:{self.stage.account}:scheduling-policy/fair"

    def _queue_statuses(self) -> dict[str, int]:
        shown = self.do("batch", "describe_job_queues")["jobQueues"]
        statuses = [one["status"] for one in shown]
        return {one: statuses.count(one) for one in set(statuses)}

    def _define(self, kind: str) -> None:
        small = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]
        role = f"arn:aws:iam::{self.stage.account}:role/nodes"
        container: dict[str, Any] = {
            "image": "busybox", "command": ["true"],
            "resourceRequirements": small if kind == "FARGATE" else [
                {"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}
            ],
        }  # fmt: skip
        if kind == "FARGATE":
            container |= {"executionRoleArn": role, "jobRoleArn": role}
        self._register(
            f"on-{kind}", type="container", platformCapabilities=[kind], containerProperties=container
        )
        if kind == "EC2":
            ranges = [{"targetNodes": "0:", "container": container}]
            nodes = {"numNodes": NODES, "mainNode": 0, "nodeRangeProperties": ranges}
            self._register("on-nodes", type="multinode", nodeProperties=nodes)

    def _register(self, name: str, **request: Any) -> None:
        if not self.do("batch", "describe_job_definitions", jobDefinitionName=name)["jobDefinitions"]:
            self.do("batch", "register_job_definition", jobDefinitionName=name, **request)

    def _submit(
        self,
        name: str,
        queue: str,
        script: str,
        *,
        command: Sequence[str] = (),
        on_nodes: bool = False,
        **request: Any,
    ) -> None:
        """Submit a job that says in the markers that it runs; a lost answer's job is found by its name."""
        mark = f'echo "$AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT" >> {self.stage.markers}; '
        definition = "on-nodes" if on_nodes else "on-FARGATE" if queue == "fargate" else "on-EC2"
        overrides: dict[str, Any] = {
            "containerOverrides": {"command": list(command) or ["/bin/sh", "-c", mark + script]}
        }
        if on_nodes:
            overrides = {"nodeOverrides": {"nodePropertyOverrides": [{"targetNodes": "0:", **overrides}]}}
        if queue == "fargate":
            request |= {"shareIdentifier": name, "schedulingPriorityOverride": 1}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while name not in self.jobs and time.monotonic() < deadline:
            try:
                answer = self.stage.client("batch").submit_job(
                    jobName=name,
                    jobQueue=queue,
                    jobDefinition=definition,
                    **overrides,
                    **request,
                )
                self.jobs[name] = answer["jobId"]
            except botocore.exceptions.ClientError as error:
                self._judge(error)
                assert self._find_job(name, queue) is None, "a job is there whose submission failed"
            except _LOST:
                self._revive()
                found = self._find_job(name, queue)
                if found is not None:
                    self.jobs[name] = found

    def _find_job(self, name: str, queue: str) -> str | None:
        wanted = [{"name": "JOB_NAME", "values": [name]}]
        found = self.do("batch", "list_jobs", jobQueue=queue, filters=wanted)["jobSummaryList"]
        assert len(found) <= 1
        return found[0]["jobId"] if found else None

    def job(self, name: str) -> Any:
        """A job as described."""
        found = self.do("batch", "describe_jobs", jobs=[self.jobs[name]])["jobs"]
        assert found, f"job {name} was acknowledged and is not there"
        return found[0]

    def make_resources(self) -> None:
        for name, kind in RESOURCES.items():
            self.do(
                "batch",
                "create_consumable_resource",
                done=("Object already exists",),
                consumableResourceName=name,
                totalQuantity=TOTAL,
                resourceType=kind,
            )

    def run_jobs(self) -> None:
        self.make_resources()
        self._submit("itself", "fargate", ASKS)
        self._submit("long", "fargate", "exec sleep 60")
        self._submit("good", "fargate", "echo said")
        licensed: dict[str, Any] = {"consumableResourcePropertiesOverride": _needing(RESOURCES)}
        self._submit("bad", "fargate", "exit 3", **licensed)
        again: dict[str, Any] = {"retryStrategy": {"attempts": 3}}
        self._submit("again", "fargate", 'test "$AWS_BATCH_JOB_ATTEMPT" -ge 2', **again, **licensed)
        self._submit("after", "fargate", "true", dependsOn=[{"jobId": self.jobs["good"]}])
        self._submit("absent", "fargate", "", command=["/no/such/program"])
        self._submit("held", "fargate", "true", dependsOn=[{"jobId": self.jobs["long"]}])
        self._submit("array", "fargate", "true", arrayProperties={"size": ARRAY_SIZE}, **again, **licensed)
        stopped: dict[str, Any] = {
            "arrayProperties": {"size": STOPPED_SIZE},
            "dependsOn": [{"jobId": self.jobs["long"]}],
        }
        self._submit("stopped", "fargate", "true", **stopped)
        self.do("batch", "cancel_job", jobId=self.jobs["stopped"], reason="not wanted")
        self._submit("on-group", "groups", "true", **again)
        self._submit("on-fleet", "fleets", "true", **again)
        meet = MEET.format(markers=self.stage.markers, nodes=NODES)
        self._submit("on-nodes", "groups", meet, on_nodes=True, **again)
        self.do("batch", "cancel_job", jobId=self.jobs["held"], reason="not wanted")
        self.until(lambda: self.job("long")["status"] in ("RUNNING", *ENDED), "the long job RUNNING")
        self.do("batch", "terminate_job", jobId=self.jobs["long"], reason="long enough")
        for name in self.jobs:
            self.until(lambda name=name: self.job(name)["status"] in ENDED, f"the end of job {name}")  # type: ignore[misc]
        for name in RESOURCES:
            self.left[name] = self.do("batch", "describe_consumable_resource", consumableResource=name)
        with self.database() as database:
            self.shares = database.execute(
                "SELECT share, running_vcpus, waiting, unfinished, usage FROM batch_share_usage"
            ).fetchall()

    @contextlib.contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The server's database, to be read."""
        path = self.stage.directory / "data" / "batchyard.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as one:
            yield one

    def delete_resources(self) -> None:
        for name in RESOURCES:
            self.do("batch", "delete_consumable_resource", done=("does not exist",), consumableResource=name)

    def delete_queues(self) -> None:
        for name in ("fargate", "groups", "fleets"):
            self.do("batch", "update_job_queue", done=("does not exist",), jobQueue=name, state="DISABLED")
        self.until(lambda: set(self._queue_statuses()) <= {"VALID"}, "the queues at rest")
        for name in ("fargate", "groups", "fleets"):
            self.do("batch", "delete_job_queue", done=("does not exist", "is being"), jobQueue=name)
        self.until(lambda: not self._queue_statuses(), "the queues gone")
        self.do("batch", "delete_scheduling_policy", arn=self._policy())

    def delete_environments(self) -> None:
        for name in ("fargate", "groups", "fleets"):
            self._disable(name)
        for name in ("fargate", "groups", "fleets"):
            self.until(lambda name=name: self._is_gone(name), f"environment {name} gone")  # type: ignore[misc]
        self.do("eks", "delete_cluster", done=("ResourceNotFoundException",), name="kubernetes")

    def _disable(self, name: str) -> None:
        self.do(
            "batch",
            "update_compute_environment",
            done=("does not exist", "is being", "cannot be updated"),
            computeEnvironment=name,
            state="DISABLED",
        )

    def _is_gone(self, name: str) -> bool:
        """Ask for the deletion whenever it may be asked for."""
        shown = self.environment(name)
        if shown is None:
            return True
        if shown["status"] in ("VALID", "INVALID"):
            if shown["state"] != "DISABLED":
                self._disable(name)
                return False
            self.do(
                "batch",
                "delete_compute_environment",
                done=("does not exist", "resource is being modified", "is being"),
                computeEnvironment=name,
            )
        return False

    def delete_output(self) -> None:
        """What jobs said: the server forgets it by and by."""
        self.do("logs", "delete_log_group", done=("ResourceNotFoundException",), logGroupName=OUTPUT)

    def delete_role(self) -> None:
        """Until it is gone: a task that failed is followed by another."""
        self.until(self._role_is_gone, "the role gone")

    def _role_is_gone(self) -> bool:
        begun = self.do("iam", "delete_service_linked_role", done=("NoSuchEntity",), RoleName=ROLE)
        if begun is None:
            return True
        task = begun["DeletionTaskId"]
        status = "get_service_linked_role_deletion_status"

        def ended() -> Any:
            answer = self.do("iam", status, DeletionTaskId=task)
            return answer["Status"] if answer["Status"] in ("SUCCEEDED", "FAILED") else None

        return bool(self.until(ended, "the deletion task's end") == "SUCCEEDED")
