"""GetFederationToken: what a federated user is, may, and cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from services.sts.conftest import allow, document, refused

Call = Callable[..., Any]

ASK = allow("sts:GetFederationToken")


def test_who_a_federated_user_is(user: Call, as_: Call, account: str) -> None:
    answer = as_(user(document(ASK))).get_federation_token(Name="ada")
    arn = f"arn:aws:sts::{account}:federated-user/ada"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{account}:ada", "Arn": arn}
    assert "PackedPolicySize" not in answer
    found = as_(answer["Credentials"]).get_caller_identity()
    assert (found["Arn"], found["UserId"], found["Account"]) == (arn, f"{account}:ada", account)
    lasts = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(hours=11) < lasts <= timedelta(hours=12, seconds=2)


def test_permissions_are_those_of_user_and_session_policy_both(user: Call, as_: Call) -> None:
    sts = as_(user(document(ASK, allow(["logs:*", "ecs:*"]))))
    bare = sts.get_federation_token(Name="ada")["Credentials"]
    code, message = refused(as_(bare, "logs").describe_log_groups)
    assert code == "AccessDeniedException"
    assert message.endswith("because no session policy allows the logs:DescribeLogGroups action")
    given = sts.get_federation_token(Name="ada", Policy=document(allow(["logs:*", "eks:*"])))
    assert 1 <= given["PackedPolicySize"] <= 100
    as_(given["Credentials"], "logs").describe_log_groups()
    assert "no session policy" in refused(as_(given["Credentials"], "ecs").list_clusters)[1]
    assert "no identity-based policy" in refused(as_(given["Credentials"], "eks").list_clusters)[1]


def test_iam_and_sts_are_closed_to_it(user: Call, as_: Call) -> None:
    everything = document(allow("*"))
    given = as_(user(everything)).get_federation_token(Name="ada", Policy=everything)["Credentials"]
    assert refused(as_(given, "iam").list_users)[0] == "InvalidClientTokenId"
    sts = as_(given)
    assert refused(sts.get_federation_token, Name="eve") == (
        "AccessDenied",
        "Cannot call GetFederationToken with session credentials",
    )
    assert refused(sts.get_access_key_info, AccessKeyId=given["AccessKeyId"])[0] == "AccessDenied"
    sts.get_caller_identity()


def test_the_root_user_makes_one_for_an_hour(aws: Call, as_: Call) -> None:
    policy = document(allow("logs:*"))
    given = aws("sts").get_federation_token(Name="ada", Policy=policy, DurationSeconds=7200)["Credentials"]
    assert given["Expiration"] - datetime.now(UTC) <= timedelta(hours=1, seconds=2)
    as_(given, "logs").describe_log_groups()
    assert "no session policy" in refused(as_(given, "ecs").list_clusters)[1]


def test_tags_and_the_principal_reach_the_policies(user: Call, as_: Call, account: str) -> None:
    condition = {
        "StringEquals": {
            "aws:PrincipalTag/team": "blue",
            "aws:PrincipalType": "FederatedUser",
            "aws:userid": f"{account}:ada",
        },
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:sts::{account}:federated-user/ada"},
        "Null": {"aws:username": "true", "aws:TokenIssueTime": "false"},
    }
    both = allow(["sts:GetFederationToken", "sts:TagSession"])
    sts = as_(user(document(both, {**allow("logs:*"), "Condition": condition})))
    policy = document(allow("*"))
    tags = [{"Key": "team", "Value": "blue"}]
    tagged = sts.get_federation_token(Name="ada", Policy=policy, Tags=tags)["Credentials"]
    as_(tagged, "logs").describe_log_groups()
    plain = sts.get_federation_token(Name="ada", Policy=policy)["Credentials"]
    assert refused(as_(plain, "logs").describe_log_groups)[0] == "AccessDeniedException"
    untagging = as_(user(document(ASK), name="untagging"))
    assert "sts:TagSession" in refused(untagging.get_federation_token, Name="ada", Tags=tags)[1]


def test_it_outlives_the_key_and_dies_with_the_user(aws: Call, user: Call, as_: Call) -> None:
    """Seen on AWS by who looked after intruders' sessions: deleting the key does not end them."""
    iam = aws("iam")
    made = user(document(ASK, allow("logs:*")))
    given = as_(made).get_federation_token(Name="ada", Policy=document(allow("logs:*")))["Credentials"]
    iam.delete_access_key(UserName=made["name"], AccessKeyId=made["key"])
    as_(given, "logs").describe_log_groups()
    for policy in iam.list_user_policies(UserName=made["name"])["PolicyNames"]:
        iam.delete_user_policy(UserName=made["name"], PolicyName=policy)
    assert "no identity-based policy" in refused(as_(given, "logs").describe_log_groups)[1]
    iam.delete_user(UserName=made["name"])
    assert refused(as_(given, "logs").describe_log_groups)[0] == "UnrecognizedClientException"


def test_the_audit_tells_who_vouched(aws: Call, user: Call, as_: Call, account: str, wait_for: Call) -> None:
    made = user(document(ASK))
    given = as_(made).get_federation_token(Name="ada")["Credentials"]
    refused(as_(given, "logs").describe_log_groups)

    def identity() -> Any:
        looked = aws("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "DescribeLogGroups"}]
        )
        return [json.loads(event["CloudTrailEvent"])["userIdentity"] for event in looked["Events"]]

    found = wait_for(identity)[0]
    assert (found["type"], found["principalId"]) == ("FederatedUser", f"{account}:ada")
    issuer = found["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"]) == ("IAMUser", made["arn"])


def test_too_much_in_a_session_is_refused(user: Call, as_: Call) -> None:
    import secrets

    sts = as_(user(document(allow(["sts:GetFederationToken", "sts:TagSession"]))))
    tags = [{"Key": secrets.token_hex(60), "Value": secrets.token_hex(120)} for _ in range(40)]
    code, message = refused(sts.get_federation_token, Name="ada", Tags=tags)
    assert code == "PackedPolicyTooLarge"
    assert message.startswith("Packed size of session tags consumes ")
