"""A role that is gone, or that loses a right while jobs wait: the environment says so, and heals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import delete as delete_rows

from batchyard.services.iam import revisions
from batchyard.services.iam.tables import attachments, roles
from services.batch.conftest import job_of
from services.batch.environments import describe, on_fargate, settled, trust
from services.batch.statements.reasons import WAITS, is_invalid

Make = Callable[..., Any]


def test_the_role_taken_out_of_the_store_is_missed_at_once(
    aws: Make, app: Any, batch: Any, account: str, queue: str, define: Make, reached: Make, wait_for: Make
) -> None:
    """docs/decisions/0000: sessions die with the role; the environment turns INVALID with STS's words, and heals."""
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
    wait_for(lambda: is_invalid(batch, "fargate", f"{text}{role['Arn']} (Service: AWSSecurityTokenService;"))
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
    wait_for(lambda: is_invalid(batch, "one", text))
    assert "with an explicit deny in an identity-based policy" in describe(batch, "one")["statusReason"]
    put(allow)
    assert reached(job_id)["status"] == "SUCCEEDED"
