"""AssumeRole: who is trusted, for how long, with what policies and tags, and role chaining (iam-evaluation.md 6, 7)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conftest import client
from services.sts.conftest import allow, document, refused, trusting

Call = Callable[..., Any]
BOTH = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


def test_a_session_and_its_credentials(role: Call, user: Call, as_: Call, account: str) -> None:
    made = role("acting", trusting({"AWS": account}), Path="/some/path/")
    answer = as_(user(document(allow("sts:AssumeRole")))).assume_role(
        RoleArn=made["Arn"], RoleSessionName="w=o+r,k@1.2-3_"
    )
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{made['RoleId']}:w=o+r,k@1.2-3_",
        "Arn": f"arn:aws:sts::{account}:assumed-role/acting/w=o+r,k@1.2-3_",
    }
    assert "PackedPolicySize" not in answer
    given = answer["Credentials"]
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", given["AccessKeyId"])
    assert len(given["SecretAccessKey"]) == 40
    left = given["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert as_(given).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_trust_in_the_account_needs_permission_too(role: Call, user: Call, as_: Call, account: str) -> None:
    arn = role("acting", trusting({"AWS": f"arn:aws:iam::{account}:root"}))["Arn"]
    request = {"RoleArn": arn, "RoleSessionName": "work"}
    without = user(None)
    code, message = refused(as_(without).assume_role, **request)
    assert (code, message) == (
        "AccessDenied",
        f"User: {without['arn']} is not authorized to perform: sts:AssumeRole on resource: {arn} because no"
        " identity-based policy allows the sts:AssumeRole action",
    )
    as_(user(document(allow("sts:AssumeRole", arn)))).assume_role(**request)
    other = role("other", trusting({"AWS": account}))["Arn"]
    limited = as_(user(document(allow("sts:AssumeRole", arn))))
    assert refused(limited.assume_role, RoleArn=other, RoleSessionName="work")[0] == "AccessDenied"


def test_trust_in_a_user_is_enough(role: Call, user: Call, as_: Call) -> None:
    named, other = user(None), user(None)
    arn = role("acting", trusting({"AWS": named["arn"]}))["Arn"]
    as_(named).assume_role(RoleArn=arn, RoleSessionName="work")
    code, message = refused(as_(other).assume_role, RoleArn=arn, RoleSessionName="work")
    assert code == "AccessDenied"
    assert message.endswith("because no role trust policy allows the sts:AssumeRole action")


def test_another_account_needs_both_sides(
    aws: Call, role: Call, endpoint: str, account: str, as_: Call
) -> None:
    other = str((int(account) + 500) % 10**12).zfill(12)
    iam = client(endpoint, "iam", access_key=other)
    iam.create_user(UserName="guest")
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    arn = role("acting", trusting({"AWS": other}))["Arn"]
    sts = as_(key)
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="work")[0] == "AccessDenied"
    iam.put_user_policy(UserName="guest", PolicyName="p", PolicyDocument=document(allow("sts:AssumeRole")))
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="work")
    assert as_(answer["Credentials"]).get_caller_identity()["Account"] == account
    strict = role("strict", trusting({"AWS": account}))["Arn"]
    assert refused(sts.assume_role, RoleArn=strict, RoleSessionName="work")[0] == "AccessDenied"


def test_an_external_id_is_asked_for(role: Call, user: Call, as_: Call, account: str) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "secret-42"}}
    arn = role("acting", trusting({"AWS": account}, Condition=condition))["Arn"]
    sts = as_(user(document(allow("sts:AssumeRole"))))
    request = {"RoleArn": arn, "RoleSessionName": "work"}
    assert refused(sts.assume_role, **request)[0] == "AccessDenied"
    assert refused(sts.assume_role, **request, ExternalId="secret-43")[0] == "AccessDenied"
    sts.assume_role(**request, ExternalId="secret-42")


def test_a_service_is_not_imitated(role: Call, user: Call, as_: Call) -> None:
    arn = role("acting", trusting({"Service": "batch.amazonaws.com"}))["Arn"]
    sts = as_(user(document(allow("*"))))
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="aws-batch")[0] == "AccessDenied"


def test_the_root_user_assumes_no_role(aws: Call, role: Call, account: str) -> None:
    arn = role("acting", trusting({"AWS": account}))["Arn"]
    assert refused(aws("sts").assume_role, RoleArn=arn, RoleSessionName="work") == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    )


def test_a_missing_role_is_denied_like_one_that_does_not_trust(user: Call, as_: Call, account: str) -> None:
    sts = as_(user(document(allow("*"))))
    arn = f"arn:aws:iam::{account}:role/missing"
    code, message = refused(sts.assume_role, RoleArn=arn, RoleSessionName="work")
    assert code == "AccessDenied"
    assert message.endswith("because no role trust policy allows the sts:AssumeRole action")


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:user/somebody", "not-an-arn-but-long-enough"])
def test_what_is_no_role_is_told(arn: str, user: Call, as_: Call) -> None:
    sts = as_(user(document(allow("*"))))
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="work") == (
        "ValidationError",
        f"{arn} is invalid",
    )


def test_a_bad_session_name_is_told_in_awss_words(user: Call, as_: Call, account: str) -> None:
    sts = as_(user(None))
    arn = f"arn:aws:iam::{account}:role/acting"
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="Session1:2") == (
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member"
        " must satisfy regular expression pattern: [\\w+=,.@-]*",
    )


def test_a_session_lasts_as_long_as_the_role_lets_it(role: Call, user: Call, as_: Call, account: str) -> None:
    arn = role("acting", trusting({"AWS": account}), MaxSessionDuration=7200)["Arn"]
    sts = as_(user(document(allow("sts:AssumeRole"))))
    request = {"RoleArn": arn, "RoleSessionName": "work"}
    given = sts.assume_role(**request, DurationSeconds=7200)["Credentials"]
    assert given["Expiration"] - datetime.now(UTC) > timedelta(minutes=119)
    assert refused(sts.assume_role, **request, DurationSeconds=7201) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    assert refused(sts.assume_role, **request, DurationSeconds=43201)[0] == "ValidationError"
    given = sts.assume_role(**request, DurationSeconds=900)["Credentials"]
    assert given["Expiration"] - datetime.now(UTC) <= timedelta(minutes=15)


def test_a_chained_session_lasts_an_hour_at_most(role: Call, user: Call, as_: Call, account: str) -> None:
    first = role("first", trusting({"AWS": account}), may=[allow("sts:AssumeRole")])["Arn"]
    second = role("second", trusting({"AWS": account}), MaxSessionDuration=7200)["Arn"]
    given = as_(user(document(allow("sts:AssumeRole")))).assume_role(RoleArn=first, RoleSessionName="one")
    chained = as_(given["Credentials"])
    request = {"RoleArn": second, "RoleSessionName": "two"}
    answer = chained.assume_role(**request)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/second/two"
    code, message = refused(chained.assume_role, **request, DurationSeconds=3601)
    assert (code, message) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    )


def test_trust_in_a_role_counts_for_its_sessions(role: Call, user: Call, as_: Call, account: str) -> None:
    first = role("first", trusting({"AWS": account}))["Arn"]
    second = role("second", trusting({"AWS": first}))["Arn"]
    given = as_(user(document(allow("sts:AssumeRole")))).assume_role(RoleArn=first, RoleSessionName="one")
    as_(given["Credentials"]).assume_role(RoleArn=second, RoleSessionName="two")
    stranger = as_(user(document(allow("sts:AssumeRole"))))
    assert refused(stranger.assume_role, RoleArn=second, RoleSessionName="two")[0] == "AccessDenied"


def test_session_policies_narrow(role: Call, user: Call, as_: Call, account: str, aws: Call) -> None:
    arn = role("acting", trusting({"AWS": account}), may=[allow(["logs:*", "ecs:*"])])["Arn"]
    sts = as_(user(document(allow("sts:AssumeRole"))))
    request = {"RoleArn": arn, "RoleSessionName": "work"}
    narrow = sts.assume_role(**request, Policy=document(allow(["logs:*", "eks:*"])))
    assert 1 <= narrow["PackedPolicySize"] <= 100
    as_(narrow["Credentials"], "logs").describe_log_groups()
    assert refused(as_(narrow["Credentials"], "ecs").list_clusters)[1].endswith(
        "because no session policy allows the ecs:ListClusters action"
    )
    assert "no identity-based policy" in refused(as_(narrow["Credentials"], "eks").list_clusters)[1]
    managed = aws("iam").create_policy(PolicyName="p", PolicyDocument=document(allow("ecs:*")))["Policy"][
        "Arn"
    ]
    by_arn = sts.assume_role(**request, PolicyArns=[{"arn": managed}])["Credentials"]
    as_(by_arn, "ecs").list_clusters()
    assert "no session policy" in refused(as_(by_arn, "logs").describe_log_groups)[1]


def test_a_session_policy_that_cannot_be_read_is_refused(
    role: Call, user: Call, as_: Call, account: str
) -> None:
    arn = role("acting", trusting({"AWS": account}))["Arn"]
    sts = as_(user(document(allow("sts:AssumeRole"))))
    request = {"RoleArn": arn, "RoleSessionName": "work"}
    assert refused(sts.assume_role, **request, Policy="{")[0] == "MalformedPolicyDocument"
    long = json.dumps({"Version": "2012-10-17", "Statement": [allow("logs:*", "x" * 2048)]})
    code, message = refused(sts.assume_role, **request, Policy=long)
    assert code == "ValidationError"
    assert message.endswith("Member must have length less than or equal to 2048")


def test_session_tags_reach_the_policies(role: Call, user: Call, as_: Call, account: str) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    arn = role(
        "acting",
        trusting({"AWS": account}, BOTH),
        may=[{**allow("logs:*"), "Condition": condition}],
        Tags=[{"Key": "team", "Value": "red"}],
    )["Arn"]
    sts = as_(user(document(allow(BOTH))))
    request = {"RoleArn": arn, "RoleSessionName": "work"}
    plain = sts.assume_role(**request)["Credentials"]
    assert refused(as_(plain, "logs").describe_log_groups)[0] == "AccessDeniedException"
    tagged = sts.assume_role(**request, Tags=[{"Key": "team", "Value": "blue"}])["Credentials"]
    as_(tagged, "logs").describe_log_groups()


def test_tags_need_permission_and_trust(role: Call, user: Call, as_: Call, account: str) -> None:
    arn = role("acting", trusting({"AWS": account}))["Arn"]
    sts = as_(user(document(allow(BOTH))))
    tags = [{"Key": "team", "Value": "blue"}]
    code, message = refused(sts.assume_role, RoleArn=arn, RoleSessionName="work", Tags=tags)
    assert code == "AccessDenied"
    assert "is not authorized to perform: sts:TagSession" in message


def test_transitive_tags_go_along(role: Call, user: Call, as_: Call, account: str) -> None:
    first = role("first", trusting({"AWS": account}, BOTH), may=[allow(BOTH)])["Arn"]
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}, "Null": {"aws:PrincipalTag/job": "true"}}
    second = role(
        "second", trusting({"AWS": account}, BOTH), may=[{**allow("logs:*"), "Condition": condition}]
    )["Arn"]
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "job", "Value": "x"}]
    sts = as_(user(document(allow(BOTH))))
    given = sts.assume_role(RoleArn=first, RoleSessionName="one", Tags=tags, TransitiveTagKeys=["team"])
    chained = as_(given["Credentials"])
    last = chained.assume_role(RoleArn=second, RoleSessionName="two")["Credentials"]
    as_(last, "logs").describe_log_groups()
    conflict = (
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key"
        " from the calling session."
    )
    answer = refused(chained.assume_role, RoleArn=second, RoleSessionName="two", Tags=tags)
    assert answer == ("InvalidParameterValue", conflict)


@pytest.mark.parametrize(
    ("tags", "transitive", "text"),
    [
        (["a", "A"], [], "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
        (["a"], ["b"], "The specified transitive tag key must be included in the requested tags."),
    ],
)
def test_tags_that_do_not_fit(
    tags: list[str], transitive: list[str], text: str, role: Call, user: Call, as_: Call, account: str
) -> None:
    arn = role("acting", trusting({"AWS": account}, BOTH))["Arn"]
    given = [{"Key": key, "Value": "v"} for key in tags]
    found = refused(
        as_(user(document(allow(BOTH)))).assume_role,
        RoleArn=arn,
        RoleSessionName="work",
        Tags=given,
        TransitiveTagKeys=transitive,
    )
    assert found == ("InvalidParameterValue", text)


def test_a_source_identity_stays(role: Call, user: Call, as_: Call, account: str) -> None:
    first = role("first", trusting({"AWS": account}, BOTH), may=[allow(BOTH)])["Arn"]
    second = role("second", trusting({"AWS": account}, BOTH))["Arn"]
    untrusting = role("third", trusting({"AWS": account}))["Arn"]
    sts = as_(user(document(allow(BOTH))))
    answer = sts.assume_role(RoleArn=first, RoleSessionName="one", SourceIdentity="Ada")
    assert answer["SourceIdentity"] == "Ada"
    chained = as_(answer["Credentials"])
    assert chained.assume_role(RoleArn=second, RoleSessionName="two")["SourceIdentity"] == "Ada"
    code, message = refused(chained.assume_role, RoleArn=untrusting, RoleSessionName="two")
    assert (code, "sts:SetSourceIdentity" in message) == ("AccessDenied", True)
    changed = refused(chained.assume_role, RoleArn=second, RoleSessionName="two", SourceIdentity="Bob")
    assert changed[0] == "AccessDenied"


def test_contexts_need_a_permission_and_a_provider_that_is_not_here(
    role: Call, user: Call, as_: Call, account: str
) -> None:
    """sts:SetContext as for tags; then no assertion can hold, for nobody here makes one."""
    identity_center = "arn:aws:iam::aws:contextProvider/IdentityCenter"
    given = {"ProviderArn": identity_center, "ContextAssertion": "assertion"}
    request = {"RoleSessionName": "work", "ProvidedContexts": [given]}
    plain = role("plain", trusting({"AWS": account}))["Arn"]
    limited = {
        "ForAllValues:ArnEquals": {"sts:RequestContextProviders": [identity_center]},
        "Null": {"sts:RequestContextProviders": "false"},
    }
    both = trusting({"AWS": account}, ["sts:AssumeRole", "sts:SetContext"], Condition=limited)
    trusted = role("trusted", both)["Arn"]
    without = as_(user(document(allow("sts:AssumeRole"))))
    code, message = refused(without.assume_role, RoleArn=trusted, **request)
    assert code == "AccessDenied"
    assert "sts:SetContext" in message
    allowed = as_(user(document(allow(["sts:AssumeRole", "sts:SetContext"]))))
    code, message = refused(allowed.assume_role, RoleArn=plain, **request)
    assert code == "AccessDenied"
    assert "sts:SetContext" in message
    assert refused(allowed.assume_role, RoleArn=trusted, **request) == (
        "InvalidContextAssertion",
        "The provided context assertion is invalid.",
    )
    other = {**request, "ProvidedContexts": [{**given, "ProviderArn": f"{identity_center}2"}]}
    assert refused(allowed.assume_role, RoleArn=trusted, **other)[0] == "AccessDenied"
