"""Environments, queues, jobs and the role as a state machine, with restarts in between, against a small model."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from conftest import EXECUTION_POLICY, wait_for
from faults.stage import ACCOUNT, Nursery, Stage
from faults.table import memory

REGIONS = ("us-east-1", "eu-west-1")
ROLE = "AWSServiceRoleForBatch"
ENDED = ("SUCCEEDED", "FAILED")
SUBMITTING = ["batch:SubmitJob", "batch:Describe*", "batch:List*", "batch:CancelJob", "batch:TerminateJob"]

regions = st.sampled_from(REGIONS)
names = st.sampled_from(["a", "b"])
users = st.sampled_from(["maker", "submitter"])
Place = tuple[str, str]


@dataclass
class Queue:
    """What the model knows of a queue."""

    environment: str
    state: str = "ENABLED"


@dataclass
class Job:
    """What the model knows of a job: `long` ones end only when they are told to."""

    region: str
    identity: str
    is_long: bool
    queue: str
    was_ended: bool = False


class Yard(RuleBasedStateMachine):
    """Each rule is one call by one of two users, or a restart; the model says what is answered."""

    nursery: Nursery

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(dir=memory()))
        self.stage = Stage(self.nursery, self.directory)
        self.environments: dict[Place, str] = {}
        self.queues: dict[Place, Queue] = {}
        self.jobs: list[Job] = []
        self.keys = {
            "maker": self._make_user("maker", ["*"]),
            "submitter": self._make_user("submitter", SUBMITTING),
        }
        iam = self.stage.client("iam")
        statement = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        trust = {"Version": "2012-10-17", "Statement": [{**statement, "Action": "sts:AssumeRole"}]}
        iam.create_role(RoleName="execution", AssumeRolePolicyDocument=json.dumps(trust))
        iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
        for region in REGIONS:
            self._define(region)

    def teardown(self) -> None:
        try:
            self._end_everything()
        finally:
            self.stage.__exit__(None, None, None)
            shutil.rmtree(self.directory)

    def batch(self, region: str, user: str = "maker") -> Any:
        """Batch in a Region, as a user."""
        key, secret = self.keys[user]
        return self.stage.client("batch", region=region, key=key, secret=secret)

    # What the owner does.

    @rule(region=regions, name=names, user=users)
    def create_environment(self, region: str, name: str, user: str) -> None:
        ec2 = self.stage.client("ec2", region=region)
        resources = {
            "type": "FARGATE",
            "maxvCpus": 4,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        }
        allowed = user == "maker" and (region, name) not in self.environments
        if self._call(
            lambda: self.batch(region, user).create_compute_environment(
                computeEnvironmentName=name, type="MANAGED", computeResources=resources
            ),
            allowed=allowed,
            user=user,
        ):
            self.environments[(region, name)] = "ENABLED"

    @precondition(lambda self: self.environments)
    @rule(data=st.data(), state=st.sampled_from(["ENABLED", "DISABLED"]), user=users)
    def update_environment(self, data: Any, state: str, user: str) -> None:
        region, name = data.draw(st.sampled_from(sorted(self.environments)))
        self._settled(region, name)
        if self._call(
            lambda: self.batch(region, user).update_compute_environment(computeEnvironment=name, state=state),
            allowed=user == "maker",
            user=user,
        ):
            self.environments[(region, name)] = state

    @precondition(lambda self: self.environments)
    @rule(data=st.data(), user=users)
    def delete_environment(self, data: Any, user: str) -> None:
        region, name = data.draw(st.sampled_from(sorted(self.environments)))
        self._settled(region, name)
        held = any(one.environment == name for (where, _), one in self.queues.items() if where == region)
        disabled = self.environments[(region, name)] == "DISABLED"
        if self._call(
            lambda: self.batch(region, user).delete_compute_environment(computeEnvironment=name),
            allowed=user == "maker" and disabled and not held,
            user=user,
        ):
            wait_for(lambda: self._environment(region, name) is None)
            del self.environments[(region, name)]

    @precondition(lambda self: self.environments)
    @rule(data=st.data(), name=names, user=users)
    def create_queue(self, data: Any, name: str, user: str) -> None:
        region, environment = data.draw(st.sampled_from(sorted(self.environments)))
        self._settled(region, environment)
        if self._call(
            lambda: self.batch(region, user).create_job_queue(
                jobQueueName=name,
                priority=1,
                computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
            ),
            allowed=user == "maker" and (region, name) not in self.queues,
            user=user,
        ):
            self.queues[(region, name)] = Queue(environment)
            self._queue_valid(region, name)

    @precondition(lambda self: self.queues)
    @rule(data=st.data(), state=st.sampled_from(["ENABLED", "DISABLED"]), user=users)
    def update_queue(self, data: Any, state: str, user: str) -> None:
        region, name = data.draw(st.sampled_from(sorted(self.queues)))
        self._queue_valid(region, name)
        if self._call(
            lambda: self.batch(region, user).update_job_queue(jobQueue=name, state=state),
            allowed=user == "maker",
            user=user,
        ):
            self.queues[(region, name)].state = state
            self._queue_valid(region, name)

    @precondition(lambda self: self.queues)
    @rule(data=st.data(), user=users)
    def delete_queue(self, data: Any, user: str) -> None:
        region, name = data.draw(st.sampled_from(sorted(self.queues)))
        if self._call(
            lambda: self.batch(region, user).delete_job_queue(jobQueue=name),
            allowed=user == "maker" and self.queues[(region, name)].state == "DISABLED",
            user=user,
        ):
            self._queue_gone(region, name)

    @precondition(lambda self: self.queues)
    @rule(data=st.data(), is_long=st.booleans(), user=users)
    def submit(self, data: Any, is_long: bool, user: str) -> None:
        region, name = data.draw(st.sampled_from(sorted(self.queues)))
        script = f'echo "$AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT" >> {self.stage.markers}'
        command = ["/bin/sh", "-c", f"{script}; exec sleep {60 if is_long else 0}"]
        answer = self._call(
            lambda: self.batch(region, user).submit_job(
                jobName="job", jobQueue=name, jobDefinition="work", containerOverrides={"command": command}
            ),
            allowed=self.queues[(region, name)].state == "ENABLED",
            user="maker",
        )
        if answer:
            self.jobs.append(Job(region, answer["jobId"], is_long, name))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), user=users, operation=st.sampled_from(["cancel_job", "terminate_job"]))
    def end_job(self, data: Any, user: str, operation: str) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        getattr(self.batch(job.region, user), operation)(jobId=job.identity, reason="told to")
        # CancelJob leaves one alone that was started: so a long one may go on.
        job.was_ended = True
        if job.is_long and operation == "terminate_job":
            wait_for(lambda: self._job(job)["status"] == "FAILED")

    @rule()
    def delete_role(self) -> None:
        """In use while there is an environment in any Region."""
        iam = self.stage.client("iam")
        if not self._has_role():
            assert not self.environments
            return
        task = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]

        def status() -> Any:
            found = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
            return found if found["Status"] in ("SUCCEEDED", "FAILED") else None

        ended = wait_for(status)
        used = {region for region, _ in self.environments}
        assert ended["Status"] == ("FAILED" if used else "SUCCEEDED")
        if used:
            assert {one["Region"] for one in ended["Reason"]["RoleUsageList"]} == used

    @rule(number=st.sampled_from([signal.SIGKILL, signal.SIGTERM]))
    def restart(self, number: int) -> None:
        self.stage.restart(number)

    @rule()
    def look(self) -> None:
        """All that was acknowledged is there, and nothing else."""
        for region in REGIONS:
            shown = self.batch(region).describe_compute_environments()["computeEnvironments"]
            states = {(region, one["computeEnvironmentName"]): one["state"] for one in shown}
            assert states == {
                place: state for place, state in self.environments.items() if place[0] == region
            }
            queues = self.batch(region).describe_job_queues()["jobQueues"]
            assert {(region, one["jobQueueName"]): one["state"] for one in queues} == {
                place: one.state for place, one in self.queues.items() if place[0] == region
            }
        for job in self.jobs:
            self._job(job)

    # What is behind the rules.

    def _call(self, call: Callable[[], Any], *, allowed: bool, user: str) -> Any:
        """The answer where the model allows the call; else it is refused, and by whom it should be."""
        if allowed:
            return call()
        with pytest.raises(ClientError) as refused:
            call()
        code = refused.value.response["Error"]["Code"]
        assert code == ("AccessDeniedException" if user == "submitter" else "ClientException")
        return None

    def _has_role(self) -> bool:
        roles = self.stage.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
        return ROLE in {role["RoleName"] for role in roles}

    def _make_user(self, name: str, actions: list[str]) -> tuple[str, str]:
        iam = self.stage.client("iam")
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _define(self, region: str) -> None:
        self.batch(region).register_job_definition(
            jobDefinitionName="work",
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties={
                "image": "busybox",
                "command": ["true"],
                "resourceRequirements": [
                    {"type": "VCPU", "value": "0.25"},
                    {"type": "MEMORY", "value": "512"},
                ],
                "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
            },
        )

    def _environment(self, region: str, name: str) -> Any:
        found = self.batch(region).describe_compute_environments(computeEnvironments=[name])
        return (found["computeEnvironments"] or [None])[0]

    def _settled(self, region: str, name: str) -> None:
        """Every environment comes to a state that calls can leave; with its role, that is VALID."""
        wait_for(lambda: self._environment(region, name)["status"] == "VALID")

    def _queue(self, region: str, name: str) -> Any:
        found = self.batch(region).describe_job_queues(jobQueues=[name])["jobQueues"]
        return found[0] if found else None

    def _queue_valid(self, region: str, name: str) -> None:
        wait_for(lambda: self._queue(region, name)["status"] == "VALID")

    def _queue_gone(self, region: str, name: str) -> None:
        wait_for(lambda: self._queue(region, name) is None)
        del self.queues[(region, name)]
        for job in self.jobs:
            if (job.region, job.queue) == (region, name):
                job.was_ended = True
                assert self._job(job)["status"] in ENDED

    def _job(self, job: Job) -> Any:
        (found,) = self.batch(job.region).describe_jobs(jobs=[job.identity])["jobs"]
        return found

    def _end_everything(self) -> None:
        """Quick jobs come to their end wherever they may run; then all is taken down, and nothing remains."""
        for job in self.jobs:
            environment = (job.region, self._environment_of(job))
            if job.is_long:
                self.batch(job.region).terminate_job(jobId=job.identity, reason="over")
            elif not job.was_ended and self.environments.get(environment) == "ENABLED":
                wait_for(lambda job=job: self._job(job)["status"] == "SUCCEEDED")  # type: ignore[misc]
        for region, name in list(self.queues):
            self._queue_valid(region, name)
            self.batch(region).update_job_queue(jobQueue=name, state="DISABLED")
            self._queue_valid(region, name)
            self.batch(region).delete_job_queue(jobQueue=name)
            self._queue_gone(region, name)
        for region, name in list(self.environments):
            self._settled(region, name)
            self.batch(region).update_compute_environment(computeEnvironment=name, state="DISABLED")
            self._settled(region, name)
            self.batch(region).delete_compute_environment(computeEnvironment=name)
            wait_for(lambda at=(region, name): self._environment(*at) is None)  # type: ignore[misc]
            del self.environments[(region, name)]
        self.delete_role()
        for region in REGIONS:
            assert self.stage.client("ecs", region=region).list_clusters()["clusterArns"] == []
        self._check_marks()

    def _environment_of(self, job: Job) -> str:
        queue = self.queues.get((job.region, job.queue))
        return queue.environment if queue else ""

    def _check_marks(self) -> None:
        lines = self.stage.markers.read_text().splitlines() if self.stage.markers.exists() else []
        assert all(count == 1 for count in Counter(lines).values()), "an attempt ran twice"
        ran = {line.split()[0] for line in lines}
        assert ran <= {job.identity for job in self.jobs}
        for job in self.jobs:
            shown = self._job(job)
            assert shown["status"] in ENDED
            assert shown["status"] != "SUCCEEDED" or job.identity in ran
            assert job.identity not in ran or len(shown["attempts"]) == 1


def play(nursery: Nursery, *, examples: int, steps: int) -> None:
    machine = type("YardOfThisTest", (Yard,), {"nursery": nursery})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            # Shrinking plays dozens of stories again: the failing one is printed, and that is enough to begin with.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_what_the_model_says_is_what_happens(nursery: Nursery) -> None:
    play(nursery, examples=1, steps=15)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_what_the_model_says_is_what_happens_for_long(nursery: Nursery, number: int) -> None:
    play(nursery, examples=10, steps=40)
