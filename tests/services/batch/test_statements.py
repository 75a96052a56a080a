"""Remove one statement of the role's policy: the right step is denied, nothing of it happens, and it heals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import delete as delete_rows

from batchyard.services.iam import revisions
from batchyard.services.iam.tables import attachments, roles
from conftest import Serving
from services.batch.conftest import job_of
from services.batch.environments import (
    delete,
    describe,
    make_instance_profile,
    on_fargate,
    on_instances,
    settled,
    trust,
)
from services.batch.lacking import NEIGHBOURS, Lacking

Make = Callable[..., Any]
WAITS = "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS – Batch service role has a permission issue."
EC2_FIRST = "You are not authorized to perform this operation. "


@pytest.fixture(scope="module")
def policy() -> Iterator[Lacking]:
    """A server of these tests' own, whose policy they change."""
    one = Lacking()
    yield one
    one.serving.close()


@pytest.fixture(scope="module")
def serving(policy: Lacking) -> Serving:
    return policy.serving


@pytest.fixture(autouse=True)
def _whole(policy: Lacking, _forget: None) -> Iterator[None]:
    yield
    policy.remove()


@dataclass(frozen=True)
class Denied:
    """What is to be refused, and that nothing of it is done."""

    policy: Lacking
    account: str
    wait_for: Make

    def expect(self, action: str, *, times: int = 3, tables: tuple[str, ...] = NEIGHBOURS) -> None:
        """The action is denied again and again, and the neighbours' rows stay as at the first denial."""
        self.wait_for(lambda: self.policy.denials(self.account, action) >= times, seconds=30)
        assert self.policy.at_denial is not None
        now = self.policy.rows(self.account)
        for name, rows in self.policy.at_denial.items():
            if name.startswith(tables):
                assert now[name] == rows, name


@pytest.fixture
def denied(policy: Lacking, account: str, wait_for: Make) -> Make:
    """`denied(7, "ec2:CreateLaunchTemplate")`: takes the statement away and watches for the denial."""

    def take_away(number: int, action: str) -> Denied:
        policy.remove(number)
        policy.watch(account, action)
        return Denied(policy, account, wait_for)

    return take_away


def reason_of(account: str, action: str) -> str:
    """How the statusReason begins, as each service words a denial."""
    first = EC2_FIRST if action.startswith("ec2:") else ""
    user = f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForBatch/aws-batch"
    return f"CLIENT_ERROR - {first}User: {user} is not authorized to perform: {action} on resource: "


def invalid(batch: Any, name: str, text: str) -> bool:
    shown = describe(batch, name)
    return bool(shown["status"] == "INVALID" and shown["statusReason"].startswith(text))


@pytest.mark.parametrize(
    ("number", "action"),
    [
        (1, "ec2:DescribeSubnets"),
        (6, "iam:CreateServiceLinkedRole"),
        (7, "ec2:CreateLaunchTemplate"),
        (10, "autoscaling:CreateAutoScalingGroup"),
        (14, "ecs:CreateCluster"),
    ],
)
def test_an_environment_is_not_built(
    aws: Make, account: str, denied: Make, policy: Lacking, wait_for: Make, number: int, action: str
) -> None:
    make_instance_profile(aws)
    batch = aws("batch")
    resources = on_instances(aws)
    watched = denied(number, action)
    batch.create_compute_environment(computeEnvironmentName="one", type="MANAGED", computeResources=resources)
    assert settled(batch, "one")["status"] == "INVALID"
    reason = describe(batch, "one")["statusReason"]
    assert reason.startswith(reason_of(account, action))
    assert f"because no identity-based policy allows the {action} action" in reason
    watched.expect(action)
    assert describe(batch, "one")["status"] == "INVALID"
    policy.remove()
    wait_for(lambda: describe(batch, "one")["status"] == "VALID")
    delete(batch, "one")


@pytest.mark.parametrize(
    ("number", "action"),
    [(2, "logs:CreateLogGroup"), (12, "ecs:RunTask"), (14, "ecs:RegisterTaskDefinition")],
)
def test_a_job_is_not_started(
    batch: Any,
    account: str,
    queue: str,
    define: Make,
    denied: Make,
    policy: Lacking,
    reached: Make,
    wait_for: Make,
    number: int,
    action: str,
) -> None:
    definition = define()
    watched = denied(number, action)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=definition)["jobId"]
    wait_for(lambda: invalid(batch, "fargate", reason_of(account, action)))
    wait_for(lambda: job_of(batch, job_id).get("statusReason") == WAITS)
    watched.expect(action)
    policy.remove()
    job = reached(job_id)
    assert job["status"] == "SUCCEEDED"
    assert len(job["attempts"]) == 1
    wait_for(lambda: describe(batch, "fargate")["status"] == "VALID")


@pytest.fixture
def instances(aws: Make, batch: Any, wait_for: Make) -> Make:
    """`instances(maxvCpus=4)`: a queue on a VALID EC2 environment named `ec2`, and a definition named `work`."""

    def make(**resources: Any) -> str:
        make_instance_profile(aws)
        batch.create_compute_environment(
            computeEnvironmentName="ec2", type="MANAGED", computeResources=on_instances(aws, **resources)
        )
        assert settled(batch, "ec2")["status"] == "VALID"
        order = [{"order": 1, "computeEnvironment": "ec2"}]
        batch.create_job_queue(jobQueueName="ec2", priority=1, computeEnvironmentOrder=order)
        batch.register_job_definition(
            jobDefinitionName="work",
            type="container",
            containerProperties={"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 64},
        )
        wait_for(lambda: batch.describe_job_queues(jobQueues=["ec2"])["jobQueues"][0]["status"] == "VALID")
        return "ec2"

    return make


@pytest.mark.parametrize(
    ("number", "action"),
    [(1, "ecs:ListContainerInstances"), (10, "autoscaling:SetDesiredCapacity")],
)
def test_capacity_is_not_raised(
    batch: Any,
    account: str,
    instances: Make,
    denied: Make,
    policy: Lacking,
    reached: Make,
    wait_for: Make,
    number: int,
    action: str,
) -> None:
    queue = instances()
    watched = denied(number, action)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition="work")["jobId"]
    wait_for(lambda: invalid(batch, "ec2", reason_of(account, action)))
    wait_for(lambda: job_of(batch, job_id).get("statusReason") == WAITS)
    watched.expect(action, times=1 if number == 1 else 3)
    policy.remove()
    assert reached(job_id, seconds=40)["status"] == "SUCCEEDED"


def test_output_waits_for_statement_3(
    aws: Make, submit: Make, denied: Make, policy: Lacking, reached: Make, said: Make, wait_for: Make
) -> None:
    """The task ran, and its job ends; what it wrote stays with the engine until it may be put."""
    watched = denied(3, "logs:PutLogEvents")
    job = reached(submit("echo one; echo two"))
    assert job["status"] == "SUCCEEDED"
    watched.expect("logs:PutLogEvents", times=2, tables=("logs_",))
    assert said(job) == []
    policy.remove()
    wait_for(lambda: said(job) == ["one", "two"])


def test_a_cluster_is_not_deleted_without_statement_11(
    aws: Make, batch: Any, account: str, denied: Make, policy: Lacking, wait_for: Make
) -> None:
    """A refused deletion falls back to INVALID and goes on when the right is back (batch-on-behalf.md 5)."""
    batch.create_compute_environment(
        computeEnvironmentName="one", type="MANAGED", computeResources=on_fargate(aws)
    )
    assert settled(batch, "one")["status"] == "VALID"
    batch.update_compute_environment(computeEnvironment="one", state="DISABLED")
    assert settled(batch, "one")["status"] == "VALID"
    watched = denied(11, "ecs:DeleteCluster")
    batch.delete_compute_environment(computeEnvironment="one")
    wait_for(lambda: invalid(batch, "one", reason_of(account, "ecs:DeleteCluster")))
    watched.expect("ecs:DeleteCluster")
    assert invalid(batch, "one", reason_of(account, "ecs:DeleteCluster"))
    policy.remove()
    wait_for(lambda: describe(batch, "one") is None)
    assert aws("ecs").list_clusters()["clusterArns"] == []


def test_a_refused_deletion_is_taken_back_by_an_update(
    aws: Make, batch: Any, denied: Make, policy: Lacking, wait_for: Make
) -> None:
    batch.create_compute_environment(
        computeEnvironmentName="one", type="MANAGED", computeResources=on_fargate(aws)
    )
    settled(batch, "one")
    batch.update_compute_environment(computeEnvironment="one", state="DISABLED")
    settled(batch, "one")
    denied(11, "ecs:DeleteCluster")
    batch.delete_compute_environment(computeEnvironment="one")
    wait_for(lambda: describe(batch, "one")["status"] == "INVALID")
    batch.update_compute_environment(computeEnvironment="one", state="ENABLED")
    assert settled(batch, "one")["status"] == "VALID"
    policy.remove()
    assert describe(batch, "one")["state"] == "ENABLED"
    assert len(aws("ecs").list_clusters()["clusterArns"]) == 1


def test_the_role_taken_out_of_the_store_is_missed_at_once(
    aws: Make, app: Any, batch: Any, account: str, queue: str, define: Make, reached: Make, wait_for: Make
) -> None:
    """DESIGN.md 2.5: sessions die with the role; the environment turns INVALID with STS's words, and heals."""
    definition = define()
    role = aws("iam").get_role(RoleName="AWSServiceRoleForBatch")["Role"]

    def take_out(tx: Any) -> None:
        tx.run(delete_rows(attachments).where(attachments.c.owner_id == role["RoleId"]))
        tx.run(delete_rows(roles).where(roles.c.id == role["RoleId"]))
        revisions.replace(tx, "aws", account)

    app.store.write(take_out)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=definition)["jobId"]
    text = (
        "CLIENT_ERROR - User: batch.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: "
    )
    wait_for(lambda: invalid(batch, "fargate", f"{text}{role['Arn']} (Service: AWSSecurityTokenService;"))
    wait_for(lambda: job_of(batch, job_id).get("statusReason") == WAITS)
    assert aws("ecs").list_tasks(cluster=describe(batch, "fargate")["ecsClusterArn"])["taskArns"] == []
    aws("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    assert reached(job_id)["status"] == "SUCCEEDED"


def test_a_customers_role_that_loses_a_right_while_jobs_wait(
    aws: Make, batch: Any, account: str, define: Make, reached: Make, wait_for: Make
) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust("batch.amazonaws.com"))
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    refuse = {"Effect": "Deny", "Action": "ecs:RunTask", "Resource": "*"}

    def put(*statements: Any) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName="mine", PolicyName="one", PolicyDocument=document)

    put(allow)
    batch.create_compute_environment(
        computeEnvironmentName="one", type="MANAGED", computeResources=on_fargate(aws), serviceRole="mine"
    )
    assert settled(batch, "one")["status"] == "VALID"
    order = [{"order": 1, "computeEnvironment": "one"}]
    batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order, state="ENABLED")
    wait_for(lambda: batch.describe_job_queues(jobQueues=["queue"])["jobQueues"][0]["status"] == "VALID")
    definition = define()
    put(allow, refuse)
    job_id = batch.submit_job(jobName="j", jobQueue="queue", jobDefinition=definition)["jobId"]
    wait_for(lambda: job_of(batch, job_id).get("statusReason") == WAITS)
    user = f"arn:aws:sts::{account}:assumed-role/mine/aws-batch"
    text = f"CLIENT_ERROR - User: {user} is not authorized to perform: ecs:RunTask on resource: "
    wait_for(lambda: invalid(batch, "one", text))
    assert "with an explicit deny in an identity-based policy" in describe(batch, "one")["statusReason"]
    put(allow)
    assert reached(job_id)["status"] == "SUCCEEDED"
