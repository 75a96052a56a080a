"""The whole story of AWSServiceRoleForBatch, told by real calls to a server started for it: `make demo`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from rich.console import Console

ROLE = "AWSServiceRoleForBatch"
HOME, ABROAD = "us-east-1", "eu-central-1"
console = Console(highlight=False, soft_wrap=True)


class Story:
    """One server and one administrator; each chapter is a method."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.key, self.secret = "test", "test"
        self.key, self.secret = self._make_administrator()

    def aws(self, service: str, region: str = HOME) -> Any:
        # boto3's types know services by literal names alone.
        session: Any = boto3.Session()
        return session.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def tell(self) -> None:
        self.environment_brings_the_role()
        self.what_batch_built()
        self.a_job_runs()
        self.who_did_it()
        self.nobody_alters_it()
        self.not_deleted_while_in_use()
        self.deleted_and_brought_back()

    def _make_administrator(self) -> tuple[str, str]:
        iam = self.aws("iam")
        iam.create_user(UserName="administrator")
        iam.attach_user_policy(
            UserName="administrator", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )
        key = iam.create_access_key(UserName="administrator")["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def environment_brings_the_role(self) -> None:
        chapter("An administrator makes a compute environment without naming a role")
        say("I am", self.aws("sts").get_caller_identity()["Arn"])
        say("roles before", [role["RoleName"] for role in self.aws("iam").list_roles()["Roles"]])
        self.make_environment("spring", HOME)
        role = self.aws("iam").get_role(RoleName=ROLE)["Role"]
        say("AWSServiceRoleForBatch appeared", role["Arn"])
        say("it trusts", role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"])
        attached = self.aws("iam").list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
        say("its one policy", attached[0]["PolicyArn"])
        environment = self.wait_valid("spring", HOME)
        say("the environment", f"{environment['status']}: {environment['statusReason']}")

    def make_environment(self, name: str, region: str) -> None:
        ec2 = self.aws("ec2", region)
        iam = self.aws("iam")
        if not any(
            one["InstanceProfileName"] == "nodes" for one in iam.list_instance_profiles()["InstanceProfiles"]
        ):
            trust = {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=document)
            iam.attach_role_policy(
                RoleName="nodes",
                PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
            )
            iam.create_instance_profile(InstanceProfileName="nodes")
            iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
        self.aws("batch", region).create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": 8,
                "instanceTypes": ["c5.large"],
                "subnets": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]],
                "securityGroupIds": [
                    group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"]
                ],
                "instanceRole": "nodes",
            },
        )

    def environment(self, name: str, region: str) -> dict[str, Any] | None:
        batch = self.aws("batch", region)
        found = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
        return found[0] if found else None

    def wait_valid(self, name: str, region: str) -> dict[str, Any]:
        def settled() -> dict[str, Any] | None:
            environment = self.environment(name, region)
            return environment if environment and environment["status"] in ("VALID", "INVALID") else None

        environment: dict[str, Any] = until(settled)
        if environment["status"] != "VALID":
            raise SystemExit(f"{name} is {environment['status']}: {environment['statusReason']}")
        return environment

    def what_batch_built(self) -> None:
        chapter("What Batch built, as that role")
        for arn in self.aws("ecs").list_clusters()["clusterArns"]:
            say("cluster", arn.rsplit("/", 1)[-1])
        for template in self.aws("ec2").describe_launch_templates()["LaunchTemplates"]:
            say("launch template", template["LaunchTemplateName"])
        for group in self.aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]:
            say("Auto Scaling group", f"{group['AutoScalingGroupName']} (desired {group['DesiredCapacity']})")

    def a_job_runs(self) -> None:
        chapter("A job runs for real")
        batch = self.aws("batch")
        queue = batch.create_job_queue(
            jobQueueName="garden",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "spring"}],
        )["jobQueueArn"]
        until(lambda: batch.describe_job_queues(jobQueues=[queue])["jobQueues"][0]["status"] == "VALID")
        batch.register_job_definition(
            jobDefinitionName="greet",
            type="container",
            containerProperties={
                "image": "busybox",
                "command": [
                    "sh",
                    "-c",
                    "echo hello from $AWS_BATCH_JOB_ID; echo attempt $AWS_BATCH_JOB_ATTEMPT",
                ],
                "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}],
            },
        )
        job = batch.submit_job(jobName="first", jobQueue="garden", jobDefinition="greet")["jobId"]
        say("submitted", job)
        detail = self.follow(job)
        say("instances meanwhile", self.instances())
        stream = detail["container"]["logStreamName"]
        say("its log stream", stream)
        events = self.aws("logs").get_log_events(
            logGroupName="/aws/batch/job", logStreamName=stream, startFromHead=True
        )["events"]
        for event in events:
            say("  output", event["message"])

    def follow(self, job: str) -> dict[str, Any]:
        batch = self.aws("batch")
        seen: list[str] = []

        def ended() -> dict[str, Any] | None:
            detail: dict[str, Any] = batch.describe_jobs(jobs=[job])["jobs"][0]
            if not seen or seen[-1] != detail["status"]:
                seen.append(detail["status"])
            return detail if detail["status"] in ("SUCCEEDED", "FAILED") else None

        detail: dict[str, Any] = until(ended)
        say("its states", " → ".join(seen))
        say("it ended", f"exit code {detail['container']['exitCode']}: {detail['statusReason']}")
        if detail["status"] != "SUCCEEDED":
            raise SystemExit(f"the job did not succeed: {detail}")
        return detail

    def instances(self) -> list[str]:
        reservations = self.aws("ec2").describe_instances()["Reservations"]
        return [
            f"{instance['InstanceId']} {instance['InstanceType']} {instance['State']['Name']}"
            for reservation in reservations
            for instance in reservation["Instances"]
        ]

    def who_did_it(self) -> None:
        chapter("Who did it: the audit, and the statement that allowed each call")
        lookup = self.aws("cloudtrail").get_paginator("lookup_events")
        attributes = [{"AttributeKey": "Username", "AttributeValue": "aws-batch"}]
        shown: set[str] = set()
        for page in lookup.paginate(LookupAttributes=attributes):
            for event in page["Events"]:
                record = json.loads(event["CloudTrailEvent"])
                decision = record["additionalEventData"]["decision"][0]
                allowed = decision["statements"][0]
                name = decision["action"]
                if name not in shown:
                    shown.add(name)
                    policy = allowed["policy"].rsplit("/", 1)[-1]
                    say(f"  {name}", f"{policy} {allowed['version']} {allowed['sid']}")
        identity = record["userIdentity"]
        say("all of them by", identity["arn"])

    def nobody_alters_it(self) -> None:
        chapter("Nobody can alter the role")
        iam = self.aws("iam")
        refused("DeleteRole", lambda: iam.delete_role(RoleName=ROLE))
        refused(
            "PutRolePolicy",
            lambda: iam.put_role_policy(RoleName=ROLE, PolicyName="more", PolicyDocument=EVERYTHING),
        )
        refused(
            "UpdateAssumeRolePolicy",
            lambda: iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=EVERYTHING),
        )
        arn = "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
        refused("AttachUserPolicy", lambda: iam.attach_user_policy(UserName="administrator", PolicyArn=arn))
        role_arn = iam.get_role(RoleName=ROLE)["Role"]["Arn"]
        refused("AssumeRole", lambda: self.aws("sts").assume_role(RoleArn=role_arn, RoleSessionName="me"))
        iam.update_role_description(RoleName=ROLE, Description="what Batch acts as")
        say("only its description changes", iam.get_role(RoleName=ROLE)["Role"]["Description"])

    def not_deleted_while_in_use(self) -> None:
        chapter("It cannot be deleted while an environment in any Region uses it")
        self.make_environment("summer", ABROAD)
        self.wait_valid("summer", ABROAD)
        status = self.delete_role()
        say("the deletion task", f"{status['Status']}: {status['Reason']['Reason']}")
        for usage in status["Reason"]["RoleUsageList"]:
            say(f"  in use in {usage['Region']}", usage["Resources"])
        if status["Status"] != "FAILED":
            raise SystemExit("the role was deleted while in use")

    def delete_role(self) -> dict[str, Any]:
        iam = self.aws("iam")
        task = iam.delete_service_linked_role(RoleName=ROLE)["DeletionTaskId"]
        say("asked for its deletion", task)

        def ended() -> dict[str, Any] | None:
            status: dict[str, Any] = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
            return status if status["Status"] in ("SUCCEEDED", "FAILED") else None

        ended_status: dict[str, Any] = until(ended)
        return ended_status

    def deleted_and_brought_back(self) -> None:
        chapter("After cleaning up it is deleted, and the next environment brings it back")
        before = self.aws("iam").get_role(RoleName=ROLE)["Role"]["RoleId"]
        self.delete_queue()
        self.delete_environment("spring", HOME)
        self.delete_environment("summer", ABROAD)
        say("clusters left", len(self.aws("ecs").list_clusters()["clusterArns"]))
        status = self.delete_role()
        say("the deletion task", status["Status"])
        refused("GetRole", lambda: self.aws("iam").get_role(RoleName=ROLE))
        self.make_environment("autumn", HOME)
        after = self.aws("iam").get_role(RoleName=ROLE)["Role"]["RoleId"]
        say("brought back, with a new id", f"{before} → {after}")
        self.wait_valid("autumn", HOME)
        if status["Status"] != "SUCCEEDED" or before == after:
            raise SystemExit("the role was not deleted and made anew")

    def delete_queue(self) -> None:
        batch = self.aws("batch")
        batch.update_job_queue(jobQueue="garden", state="DISABLED")
        until(lambda: batch.describe_job_queues(jobQueues=["garden"])["jobQueues"][0]["status"] == "VALID")
        batch.delete_job_queue(jobQueue="garden")
        until(lambda: not batch.describe_job_queues(jobQueues=["garden"])["jobQueues"])

    def delete_environment(self, name: str, region: str) -> None:
        batch = self.aws("batch", region)
        batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
        self.wait_valid(name, region)
        batch.delete_compute_environment(computeEnvironment=name)
        until(lambda: self.environment(name, region) is None)
        say("deleted the environment", f"{name} in {region}")


EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


def chapter(title: str) -> None:
    console.print(f"\n[bold]{title}[/bold]")


def say(what: str, value: object) -> None:
    shown = ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
    console.print(f"  {what}: {shown}", markup=False)


def refused(what: str, call: Callable[[], object]) -> None:
    """Show how a call is refused; one that succeeds ends the demo."""
    try:
        call()
    except ClientError as error:
        say(f"{what} → {error.response['Error']['Code']}", error.response["Error"]["Message"])
    else:
        raise SystemExit(f"{what} should have been refused")


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Ask again until the answer is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {seconds} s: {condition}")
        threading.Event().wait(0.05)
    return value


def main(*options: str, variables: Mapping[str, str] | None = None) -> None:
    """Tell it; `options` and environment `variables` are the server's, beside what it has anyway."""
    command = [sys.executable, "-m", "batchyard", "serve", "--port", "0", "--ephemeral", "--output", "json"]
    server = subprocess.Popen(
        [*command, "--scale-down-delay", "2", *options],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(variables or {})},
    )
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        console.print(f"[bold]Batchyard[/bold] listens on {ready['endpoint']} (engine {ready['engine']})")
        Story(ready["endpoint"]).tell()
        console.print("\n[bold]The end.[/bold] The same works with the aws CLI and boto3, unchanged.")
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
