"""`batchyard explain`: what decided a call, and what would, told by a client like any other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from batchyard.cli import run
from cli.commands import batchyard, refused
from conftest import ClientOf, client

PATH = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
LINKED = {"StringLike": {"iam:AWSServiceName": "batch.amazonaws.com"}}

Explain = Callable[..., Any]


def statement(action: str, **more: Any) -> dict[str, Any]:
    sid = "".join(letter for letter in action if letter.isalnum())
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*", **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def environment(endpoint: str, account: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What `batchyard env` would set, for root of this test's account."""
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def explain(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Explain:
    """`explain(…)`: the JSON answer and the exit code."""

    def ask(*arguments: str) -> tuple[Any, int]:
        code = run(["explain", *arguments, "--output", "json"])
        printed = capsys.readouterr()
        assert printed.err == ""
        return json.loads(printed.out), code

    return ask


@pytest.fixture
def event_of(aws: ClientOf, wait_for: Callable[..., Any]) -> Callable[[str], str]:
    """`event_of("CreateRole")`: the id of the newest event of that name, once it is there."""

    def find(name: str, region: str = "us-east-1") -> str:
        attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
        trail = aws("cloudtrail", region=region)
        found = wait_for(lambda: trail.lookup_events(LookupAttributes=attributes)["Events"])
        return str(found[0]["EventId"])

    return find


def test_the_nearest_miss_of_a_users_policies(
    explain: Explain, user: Callable[..., Any], account: str
) -> None:
    """The example of the plan: the service's name in the condition is another's."""
    made = user(
        {"Version": "2012-10-17", "Statement": [statement("iam:CreateServiceLinkedRole", Condition=LINKED)]}
    )
    question: tuple[str, ...] = ("--principal", made["arn"], "--action", "iam:CreateServiceLinkedRole")
    question += ("--resource", f"arn:aws:iam::{account}:role/{PATH}")
    answer, code = explain(*question, "--context", "iam:AWSServiceName=autoscaling.amazonaws.com")
    assert (answer["outcome"], code) == ("implicitDeny", 1)
    nearest = answer["nearestMiss"]
    assert nearest["sentence"].startswith(
        "would allow, but Condition StringLike iam:AWSServiceName got autoscaling.amazonaws.com"
    )
    assert nearest["policy"] == f"{made['arn']}/inline"
    assert nearest["text"] == statement("iam:CreateServiceLinkedRole", Condition=LINKED)
    assert nearest["conditions"] == [
        {
            "operator": "StringLike",
            "key": "iam:AWSServiceName",
            "values": ["batch.amazonaws.com"],
            "got": "autoscaling.amazonaws.com",
        }
    ]
    answer, code = explain(*question, "--context", "iam:AWSServiceName=batch.amazonaws.com")
    assert (answer["outcome"], answer["statements"][0]["decided"], code) == ("allowed", True, 0)


def test_tags_whose_keys_differ_in_case_are_told(
    explain: Explain, user: Callable[..., Any], account: str
) -> None:
    """What a call would get: neither of the two values counts (decision 0022)."""
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    made = user({"Version": "2012-10-17", "Statement": [statement("batch:TerminateJob", Condition=blue)]})
    question: tuple[str, ...] = ("--principal", made["arn"], "--action", "batch:TerminateJob")
    question += ("--resource", f"arn:aws:batch:us-east-1:{account}:job/x")
    answer, code = explain(
        *question, "--context", "aws:ResourceTag/team=blue", "--context", "aws:ResourceTag/Team=red"
    )
    assert (answer["outcome"], code) == ("implicitDeny", 1)
    assert answer["nearestMiss"]["sentence"] == (
        "would allow, but Condition StringEquals aws:ResourceTag/team got blue, red (tags whose keys differ in case),"
        " where the policy has blue"
    )
    answer, code = explain(*question, "--context", "aws:ResourceTag/TEAM=blue")
    assert (answer["outcome"], code) == ("allowed", 0)


def test_groups_managed_policies_and_the_boundary_all_take_part(
    explain: Explain, user: Callable[..., Any], aws: ClientOf
) -> None:
    iam = aws("iam")
    made = user()
    iam.create_group(GroupName="team")
    iam.put_group_policy(
        GroupName="team", PolicyName="few", PolicyDocument=policy(statement("batch:Describe*"))
    )
    iam.add_user_to_group(GroupName="team", UserName=made["name"])
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=policy(statement("batch:*")))["Policy"][
        "Arn"
    ]
    iam.put_user_permissions_boundary(UserName=made["name"], PermissionsBoundary=bound)
    iam.attach_user_policy(UserName=made["name"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.tag_user(UserName=made["name"], Tags=[{"Key": "Team", "Value": "red"}])
    answer, code = explain("--principal", made["arn"], "--action", "batch:DescribeJobs")
    assert code == 0
    assert {(one["policyType"], one["kind"], one["matched"]) for one in answer["statements"]} == {
        ("identity-based policy", "managed", True),
        ("identity-based policy", "group", True),
        ("permissions boundary", "boundary", True),
    }
    assert answer["context"]["aws:principaltag/team"] == "red"
    assert answer["context"]["aws:username"] == made["name"]
    answer, code = explain("--principal", made["arn"], "--action", "iam:GetUser")
    assert (answer["reason"], code) == ("permissions boundary", 1)
    assert answer["statements"][0]["version"] is not None


def test_a_service_linked_role_and_a_session_of_it(explain: Explain, aws: ClientOf, account: str) -> None:
    arn = aws("iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]["Arn"]
    session = f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForBatch/aws-batch"
    cluster = f"arn:aws:ecs:us-east-1:{account}:cluster/other"
    for principal in (arn, session):
        answer, code = explain(
            "--principal", principal, "--action", "ecs:DeleteCluster", "--resource", cluster
        )
        assert code == 1
        assert answer["nearestMiss"]["failedOn"] == "resource"
        assert answer["nearestMiss"]["sid"].startswith("AWSBatchPolicyStatement")
        assert answer["context"]["aws:principalarn"] == arn


def test_assuming_a_role_asks_its_trust_policy(
    explain: Explain, aws: ClientOf, user: Callable[..., Any], account: str
) -> None:
    made = user({"Version": "2012-10-17", "Statement": [statement("sts:AssumeRole")]})
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "secret"}},
    }
    role = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    question: tuple[str, ...] = ("--principal", made["arn"], "--action", "sts:AssumeRole", "--resource", role)
    answer, code = explain(*question)
    assert (answer["reason"], code) == ("role trust policy", 1)
    assert "Condition StringEquals sts:ExternalId got nothing" in answer["nearestMiss"]["sentence"]
    assert explain(*question, "--context", "sts:ExternalId=secret")[1] == 0


def test_a_role_of_another_account_is_not_taken_for_ones_own(
    environment: dict[str, str], aws: ClientOf, account: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = policy({"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"})
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    other = "arn:aws:iam::999999999999:role/r"
    root = f"arn:aws:iam::{account}:root"
    assert run(["explain", "--principal", root, "--action", "sts:AssumeRole", "--resource", other]) == 2
    assert f"cannot read the trust policy of `{other}`" in capsys.readouterr().err


def test_aws_managed_policies_are_asked_for_as_ones_own(explain: Explain, user: Callable[..., Any]) -> None:
    made = user({"Version": "2012-10-17", "Statement": [statement("iam:GetPolicy")]})
    question: tuple[str, ...] = ("--principal", made["arn"], "--action", "iam:GetPolicy")
    assert explain(*question, "--resource", "arn:aws:iam::aws:policy/AdministratorAccess")[1] == 0


def test_root_may_do_everything(explain: Explain, account: str) -> None:
    answer, code = explain("--principal", f"arn:aws:iam::{account}:root", "--action", "batch:DescribeJobs")
    assert (answer["sentence"], code) == ("allowed: the account's root user may do everything", 0)


def test_an_event_that_was_allowed_shows_the_statement(
    explain: Explain, user: Callable[..., Any], endpoint: str, event_of: Callable[..., str]
) -> None:
    made = user({"Version": "2012-10-17", "Statement": [statement("s3:*"), statement("ecs:List*")]})
    ecs = client(endpoint, "ecs", access_key=made["key"], secret=made["secret"], region="eu-west-1")
    ecs.list_clusters()
    event = event_of("ListClusters", "eu-west-1")
    answer, code = explain(event, "--region", "eu-west-1")
    assert code == 0
    assert answer["principal"] == made["arn"]
    (decision,) = answer["decisions"]
    assert (decision["action"], decision["sentence"]) == (
        "ecs:ListClusters",
        "allowed by an identity-based policy",
    )
    (shown,) = decision["statements"]
    assert (shown["policy"], shown["statement"]) == (f"{made['arn']}/inline", 2)
    assert shown["text"] == statement("ecs:List*")
    assert shown["note"] == "as the policy is now: it has no versions"


def test_an_event_that_was_denied_says_how_to_ask_on(
    explain: Explain, user_client: ClientOf, event_of: Callable[..., str]
) -> None:
    """IAM's events are in us-east-1, whatever the Region of the question."""
    with pytest.raises(Exception, match="AccessDenied"):
        user_client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    answer, _ = explain(event_of("CreateRole"), "--region", "eu-west-1")
    (decision,) = answer["decisions"]
    assert answer["errorCode"] == "AccessDenied"
    assert decision["sentence"] == "denied: no identity-based policy allows iam:CreateRole"
    asked = decision["ask"].split()
    assert asked[:2] == ["batchyard", "explain"]
    assert explain(*asked[2:])[1] == 1


def test_a_managed_policys_version_is_shown_as_it_was(
    explain: Explain, aws: ClientOf, user: Callable[..., Any], endpoint: str, event_of: Callable[..., str]
) -> None:
    iam = aws("iam")
    made = user()
    arn = iam.create_policy(PolicyName="p", PolicyDocument=policy(statement("batch:*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=made["name"], PolicyArn=arn)
    client(endpoint, "batch", access_key=made["key"], secret=made["secret"]).describe_job_queues()
    event = event_of("DescribeJobQueues")
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(statement("ecs:*")), SetAsDefault=True)
    shown = explain(event)[0]["decisions"][0]["statements"][0]
    assert (shown["version"], shown["text"], shown["note"]) == ("v1", statement("batch:*"), "")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    shown = explain(event)[0]["decisions"][0]["statements"][0]
    assert (shown["text"], shown["note"]) == (None, "it cannot be read any more: NoSuchEntity")


def test_it_reads_with_the_callers_own_permissions(
    user: Callable[..., Any], environment: dict[str, str], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """No private door: who may not read a policy gets AccessDenied."""
    made = user()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", made["key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", made["secret"])
    assert run(["explain", "--principal", made["arn"], "--action", "batch:DescribeJobs"]) == 2
    assert capsys.readouterr().err.startswith("batchyard: GetUser was refused: AccessDenied: User: ")


def test_people_get_lines(
    explain: Explain, user: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    made = user(
        {"Version": "2012-10-17", "Statement": [statement("ecs:*", Condition=LINKED), statement("s3:*")]}
    )
    assert run(["explain", "--principal", made["arn"], "--action", "ecs:ListClusters"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert "  denied: no identity-based policy allows ecs:ListClusters" in printed
    at = printed.index("Nearest miss")
    assert printed[at + 1] == f"  {made['arn']}/inline, statement 1 ecs"
    assert printed[at + 2].startswith(
        "    would allow, but Condition StringLike iam:AWSServiceName got nothing"
    )
    assert json.loads(printed[at + 3]) == statement("ecs:*", Condition=LINKED)
    assert printed[-1] == "1 more statement is about other actions"


def test_the_command_itself(environment: dict[str, str], account: str) -> None:
    """As a process, with the ordinary chain of credentials and endpoint."""
    root = f"arn:aws:iam::{account}:root"
    question = ("explain", "--principal", root, "--action", "batch:SubmitJob")
    done = batchyard(*question, variables=environment)
    assert done.returncode == 0, done.stderr
    assert "allowed: the account's root user may do everything" in done.stdout
    credentials = {name: value for name, value in environment.items() if name != "AWS_ENDPOINT_URL"}
    sentence = "no endpoint is set, and AWS itself does not tell which statement decided"
    assert refused(batchyard(*question, variables=credentials)) == sentence
    nobody = ("--endpoint", "http://127.0.0.1:9")
    sentence = "cannot reach `http://127.0.0.1:9/`"
    assert refused(batchyard(*question[:1], "x", *nobody, variables=credentials)) == sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "give an event, or `--principal` and `--action`"),
        (
            ("--principal", "bob", "--action", "a:B"),
            "`--principal` takes the ARN of a user, a role, a role's session",
        ),
        (
            ("--principal", "{root}", "--action", "a"),
            "`--action` takes one action such as `batch:SubmitJob`, not `a`",
        ),
        (
            ("--principal", "{root}", "--action", "a:B", "--context", "x"),
            "`--context` takes key=value such as",
        ),
        (
            ("--principal", "{user}", "--action", "a:B"),
            "GetUser was refused: NoSuchEntity: The user with name nobody",
        ),
        (("x", "--action", "a:B"), "`EVENT_ID` and `--principal` ask for different things: give only one"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    arguments: tuple[str, ...],
    sentence: str,
    environment: dict[str, str],
    account: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"root": f"arn:aws:iam::{account}:root", "user": f"arn:aws:iam::{account}:user/nobody"}
    assert run(["explain", *(one.format(**names) for one in arguments)]) == 2
    assert capsys.readouterr().err.startswith(f"batchyard: {sentence}")


def test_an_unknown_event_ends_with_1(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", "00000000-0000-4000-8000-000000000000"]) == 1
    assert "there is no event `00000000-0000-4000-8000-000000000000`" in capsys.readouterr().err
