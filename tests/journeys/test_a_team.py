"""A team's life in one account, from its first administrator to a key that leaked; each denial is explained.

The server is started as a user starts it. Messages are in the form of iam-evaluation.md 5 and 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client, wait_for
from journeys.served import Served, served
from journeys.team import OWN, Credentials, Team, aws, developers, document, trusting
from services.batch.environments import on_fargate, settled
from services.sts.identity_provider import Issuer

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ISSUER = "ci.example.com"
EXTERNAL_ID = "contract-42"
BLUE = {"team": "blue"}


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """The CI system's issuer, whose public keys lie in the server's directory of keys."""
    return Issuer(tmp_path / "keys", ISSUER)


@pytest.fixture
def server(tmp_path: Path, issuer: Issuer) -> Iterator[Served]:
    with served("--ephemeral", "--identity-keys", str(tmp_path / "keys")) as one:
        yield one


@pytest.fixture
def team(server: Served, account: str, monkeypatch: pytest.MonkeyPatch) -> Team:
    """The account's root makes administrators, and nothing else."""
    iam = client(server.endpoint, "iam", access_key=account)
    iam.create_group(GroupName="administrators")
    iam.attach_group_policy(GroupName="administrators", PolicyArn=ADMINISTRATOR)
    iam.create_user(UserName="ada")
    iam.add_user_to_group(UserName="ada", GroupName="administrators")
    ada = Credentials.given(iam.create_access_key(UserName="ada")["AccessKey"])
    for name, value in ada.variables().items():
        monkeypatch.setenv(name, value)
    return Team(server, account, ada)


def test_a_teams_life(team: Team, issuer: Issuer, other_account: str, tmp_path: Path) -> None:
    """Administrators, developers within a boundary, tags and shares, a partner, a build, a session, the end."""
    prepare(team)
    ann = team.joins("ann", "developers", team="blue")
    bob = team.joins("bob", "developers", team="red")
    developers_make_roles_within_the_boundary_alone(team, ann)
    they_pass_those_roles_to_batch_alone(team, ann)
    they_use_what_has_their_teams_tag(team, ann, bob)
    they_submit_under_their_own_share(team, ann)
    a_partner_asks_for_the_external_id(team, other_account)
    a_build_comes_with_its_token(team, issuer, tmp_path)
    a_session_is_narrowed_and_revoked(team, ann)
    a_leaked_key_stops_and_whoever_leaves_the_group_is_out(team, ann)


def prepare(team: Team) -> None:
    """The administrator's work: a boundary, a group, a place for jobs and a role that operators assume."""
    iam, batch = team.as_(team.administrator, "iam"), team.as_(team.administrator, "batch")
    bound = {"Effect": "Allow", "Action": ["batch:*", "logs:*"], "Resource": "*"}
    iam.create_policy(PolicyName="boundary", PolicyDocument=document(bound))
    iam.create_group(GroupName="developers")
    iam.put_group_policy(GroupName="developers", PolicyName="few", PolicyDocument=developers(team))
    iam.create_role(RoleName="operator", AssumeRolePolicyDocument=trusting({"AWS": team.arn("root")}))
    everything = {"Sid": "Batch", "Effect": "Allow", "Action": "batch:*", "Resource": "*"}
    iam.put_role_policy(RoleName="operator", PolicyName="batch", PolicyDocument=document(everything))
    place = on_fargate(lambda service, **_: team.as_(team.administrator, service))
    batch.create_compute_environment(computeEnvironmentName="yard", type="MANAGED", computeResources=place)
    assert settled(batch, "yard")["status"] == "VALID"
    order = [{"order": 1, "computeEnvironment": "yard"}]
    batch.create_job_queue(jobQueueName="blue", priority=1, computeEnvironmentOrder=order, tags=BLUE)
    wait_for(lambda: batch.describe_job_queues()["jobQueues"][0]["status"] == "VALID")


def developers_make_roles_within_the_boundary_alone(team: Team, ann: Credentials) -> None:
    iam = team.as_(ann, "iam")
    role, boundary = team.arn("role/team/jobs"), team.arn("policy/boundary")
    trust = trusting({"Service": "ecs-tasks.amazonaws.com"})
    request = {"RoleName": "jobs", "Path": "/team/", "AssumeRolePolicyDocument": trust}
    denial = team.denied(iam.create_role, **request)
    assert (denial.code, denial.message) == lacking(team, "user/ann", "iam:CreateRole", role)
    near = team.nearest(denial)
    assert (near["sid"], near["failedOn"]) == ("RolesWithinTheBoundary", "condition")
    assert near["conditions"][0].items() >= {"key": "iam:PermissionsBoundary", "got": None}.items()
    iam.create_role(**request, PermissionsBoundary=boundary)
    # Whatever the developers give it, it is within the boundary.
    iam.attach_role_policy(RoleName="jobs", PolicyArn=ADMINISTRATOR)
    denial = team.denied(iam.delete_role_permissions_boundary, RoleName="jobs")
    assert denial.message == (
        f"User: {team.arn('user/ann')} is not authorized to perform: iam:DeleteRolePermissionsBoundary on resource:"
        " role jobs with an explicit deny in an identity-based policy"
    )
    assert denial.statement == (f"{team.arn('group/developers')}/few", 2, "KeepTheBoundary")
    assert "statement 2 KeepTheBoundary" in team.explained(denial.event_id)
    denial = team.denied(iam.create_role, **{**request, "Path": "/"}, PermissionsBoundary=boundary)
    assert team.nearest(denial, f"iam:PermissionsBoundary={boundary}")["failedOn"] == "resource"


def they_pass_those_roles_to_batch_alone(team: Team, ann: Credentials) -> None:
    batch, role = team.as_(ann, "batch"), team.arn("role/team/jobs")
    sizes = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]

    def definition(passed: str) -> dict[str, Any]:
        container = {"image": "busybox", "command": ["true"], "resourceRequirements": sizes}
        return {
            "jobDefinitionName": "work",
            "type": "container",
            "platformCapabilities": ["FARGATE"],
            "containerProperties": {**container, "executionRoleArn": passed},
            "tags": BLUE,
        }

    other = team.arn("role/operator")
    denial = team.denied(batch.register_job_definition, **definition(other))
    code, message = lacking(team, "user/ann", "iam:PassRole", other)
    assert (denial.code, denial.message) == (f"{code}Exception", message)
    near = team.nearest(denial, "iam:PassedToService=ecs-tasks.amazonaws.com")
    assert (near["sid"], near["failedOn"]) == ("HandRolesToBatch", "resource")
    batch.register_job_definition(**definition(role))
    cluster = {"name": "k", "roleArn": role, "resourcesVpcConfig": {"subnetIds": ["subnet-1"]}}
    denial = team.denied(team.as_(ann, "eks").create_cluster, **cluster)
    assert denial.message == lacking(team, "user/ann", "iam:PassRole", role)[1]
    near = team.nearest(denial, "iam:PassedToService=eks.amazonaws.com")
    assert (near["sid"], near["conditions"][0]["got"]) == ("HandRolesToBatch", "eks.amazonaws.com")


def they_use_what_has_their_teams_tag(team: Team, ann: Credentials, bob: Credentials) -> None:
    """Tags of a definition count where its revision is named (Batch user guide, restrict job submission by tags)."""
    request = {"jobName": "one", "jobQueue": "blue", "jobDefinition": "work:1"}
    batch = team.as_(ann, "batch")
    job = batch.submit_job(**request)["jobId"]
    denial = team.denied(batch.submit_job, **{**request, "jobDefinition": "work"})
    assert (
        team.nearest(denial)["conditions"][0].items() >= {"key": "aws:ResourceTag/team", "got": None}.items()
    )
    denial = team.denied(team.as_(bob, "batch").submit_job, **request)
    definition = team.arn("job-definition/work:1", "batch")
    assert denial.message == lacking(team, "user/bob", "batch:SubmitJob", definition)[1]
    near = team.nearest(denial, "aws:ResourceTag/team=blue")
    assert (near["sid"], near["conditions"]) == (
        "SubmitToTheTeam",
        [{"operator": "StringEquals", "key": "aws:ResourceTag/team", "values": [OWN], "got": "blue"}],
    )
    assert near["sentence"].endswith(f"got blue, where the policy has {OWN} (red)")
    ended = wait_for(lambda: [one for one in batch.describe_jobs(jobs=[job])["jobs"] if "stoppedAt" in one])
    assert ended[0]["status"] == "SUCCEEDED", ended[0]["statusReason"]


def they_submit_under_their_own_share(team: Team, ann: Credentials) -> None:
    """The share decides who may; a queue without scheduling policy then refuses any share (batch-jobs.md 10)."""
    batch = team.as_(ann, "batch")
    request = {"jobName": "one", "jobQueue": "blue", "jobDefinition": "work:1"}
    denial = team.denied(batch.submit_job, **request, shareIdentifier="red")
    assert denial.message.endswith("with an explicit deny in an identity-based policy")
    assert denial.statement == (f"{team.arn('group/developers')}/few", 7, "OwnShareOnly")
    with pytest.raises(ClientError, match="scheduling policy") as refused:
        batch.submit_job(**request, shareIdentifier="blue")
    assert refused.value.response["Error"]["Code"] == "ClientException"


def a_partner_asks_for_the_external_id(team: Team, partner: str) -> None:
    """Both accounts must allow; across accounts AWS does not say which policy lacked what, and neither do we."""
    theirs = client(team.server.endpoint, "iam", access_key=partner)
    condition: dict[str, Any] = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
    trust = trusting({"AWS": team.arn("root")}, **condition)
    arn = theirs.create_role(RoleName="shared", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    look = {"Effect": "Allow", "Action": "batch:Describe*", "Resource": "*"}
    theirs.put_role_policy(RoleName="shared", PolicyName="look", PolicyDocument=document(look))
    iam = team.as_(team.administrator, "iam")
    iam.create_group(GroupName="auditors")
    eve = team.joins("eve", "auditors")
    request = {"RoleArn": arn, "RoleSessionName": "audit"}
    said = f"User: {team.arn('user/eve')} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    denial = team.denied(team.as_(eve, "sts").assume_role, **request, ExternalId=EXTERNAL_ID)
    assert (denial.code, denial.message) == ("AccessDenied", said)
    assert denial.decision["sentence"] == "denied: no identity-based policy allows sts:AssumeRole"
    assert "ask" not in denial.decision
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn}
    iam.put_group_policy(GroupName="auditors", PolicyName="partner", PolicyDocument=document(may))
    denial = team.denied(team.as_(eve, "sts").assume_role, **request, ExternalId="guessed")
    assert (denial.code, denial.message) == ("AccessDenied", said)
    assert denial.decision["sentence"] == "denied: the role trust policy does not allow sts:AssumeRole"
    assert denial.decision["statements"] == []
    answer = team.as_(eve, "sts").assume_role(**request, ExternalId=EXTERNAL_ID)
    there = team.as_(Credentials.given(answer["Credentials"]), "batch")
    assert there.describe_job_queues()["jobQueues"] == []


def a_build_comes_with_its_token(team: Team, issuer: Issuer, tmp_path: Path) -> None:
    """The aws command finds role and token by itself; only the main branch is trusted."""
    iam = team.as_(team.administrator, "iam")
    provider = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["sts.amazonaws.com"])
    branch = {"StringEquals": {f"{ISSUER}:sub": "repo:org/app:ref:refs/heads/main"}}
    federated = {"Federated": provider["OpenIDConnectProviderArn"]}
    trust = trusting(federated, "sts:AssumeRoleWithWebIdentity", **branch)
    arn = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    look = {"Effect": "Allow", "Action": "batch:Describe*", "Resource": "*"}
    iam.put_role_policy(RoleName="ci", PolicyName="look", PolicyDocument=document(look))
    token = tmp_path / "token"
    token.write_text(issuer.token(sub="repo:org/app:ref:refs/heads/main"))
    environment = team.server.environment()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del environment[name]
    environment |= {"AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "HOME": str(tmp_path)}
    looked = aws(environment, "batch", "describe-job-queues", "--query", "jobQueues[0].jobQueueName")
    assert looked.stdout == '"blue"\n', looked.stderr
    sts = client(team.server.endpoint, "sts", access_key="none")
    other = issuer.token(sub="repo:org/app:ref:refs/heads/other")
    request = {"RoleArn": arn, "RoleSessionName": "build", "WebIdentityToken": other}
    denial = team.denied(sts.assume_role_with_web_identity, **request)
    assert denial.message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert denial.decision["sentence"] == (
        "denied: the role trust policy does not allow sts:AssumeRoleWithWebIdentity"
    )


def a_session_is_narrowed_and_revoked(team: Team, ann: Credentials) -> None:
    iam, sts = team.as_(team.administrator, "iam"), team.as_(ann, "sts")
    request = {"RoleArn": team.arn("role/operator"), "RoleSessionName": "night"}
    narrow = {"Effect": "Allow", "Action": "batch:Describe*", "Resource": "*"}
    given = sts.assume_role(**request, Policy=document(narrow))["Credentials"]
    batch = team.as_(Credentials.given(given), "batch")
    assert len(batch.describe_job_queues()["jobQueues"]) == 1
    denial = team.denied(batch.update_job_queue, jobQueue="blue", state="DISABLED")
    session = f"arn:aws:sts::{team.account}:assumed-role/operator/night"
    queue = team.arn("job-queue/blue", "batch")
    assert denial.message == (
        f"User: {session} is not authorized to perform: batch:UpdateJobQueue on resource: {queue} because no session"
        " policy allows the batch:UpdateJobQueue action"
    )
    assert denial.decision["sentence"] == "denied: no session policy allows batch:UpdateJobQueue"
    assert "ask" not in denial.decision
    # Who is trusted is asked when a session begins, so what began goes on until its role is gone.
    nobody = trusting({"Service": "ec2.amazonaws.com"})
    iam.update_assume_role_policy(RoleName="operator", PolicyDocument=nobody)
    denial = team.denied(sts.assume_role, **request)
    assert denial.message.endswith("because no role trust policy allows the sts:AssumeRole action")
    near = team.nearest(denial)
    assert (near["kind"], near["failedOn"]) == ("trust", "principal")
    batch.describe_job_queues()
    iam.delete_role_policy(RoleName="operator", PolicyName="batch")
    iam.delete_role(RoleName="operator")
    with pytest.raises(ClientError, match="The security token included in the request is invalid"):
        batch.describe_job_queues()


def a_leaked_key_stops_and_whoever_leaves_the_group_is_out(team: Team, ann: Credentials) -> None:
    iam, batch = team.as_(team.administrator, "iam"), team.as_(ann, "batch")
    iam.update_access_key(UserName="ann", AccessKeyId=ann.key, Status="Inactive")
    with pytest.raises(ClientError, match="The security token included in the request is invalid"):
        batch.describe_job_queues()
    again = Credentials.given(iam.create_access_key(UserName="ann")["AccessKey"])
    batch = team.as_(again, "batch")
    assert len(batch.describe_job_queues()["jobQueues"]) == 1
    iam.remove_user_from_group(UserName="ann", GroupName="developers")
    denial = team.denied(batch.describe_job_queues)
    code, message = lacking(team, "user/ann", "batch:DescribeJobQueues", "*")
    assert (denial.code, denial.message) == (f"{code}Exception", message)
    assert team.nearest(denial) is None


def lacking(team: Team, who: str, action: str, resource: str) -> tuple[str, str]:
    """The denial where no policy of somebody's own allows (IAM's code; Batch's ends in Exception)."""
    message = (
        f"User: {team.arn(who)} is not authorized to perform: {action} on resource: {resource} because no"
    )
    return "AccessDenied", f"{message} identity-based policy allows the {action} action"
