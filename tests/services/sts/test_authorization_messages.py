"""What EC2 adds to a denial, sealed, and what sts:DecodeAuthorizationMessage tells of it; its form is recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client
from services.sts.conftest import allow, document, trusting

MARK = ". Encoded authorization failure message: "
VPC = {"CidrBlock": "10.0.0.0/16"}


def message_of(call: Any, **request: Any) -> str:
    """The message of the refusal that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert caught.value.response["Error"]["Code"] == "UnauthorizedOperation"
    return str(caught.value.response["Error"]["Message"])


def encoded_in(call: Any, **request: Any) -> str:
    """The encoded message in the refusal that a call ends in."""
    _, mark, encoded = message_of(call, **request).partition(MARK)
    assert mark
    return encoded


def decoded(sts: Any, encoded: str) -> Any:
    """The document in an encoded message."""
    return json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])


def code_of(call: Any, **request: Any) -> str:
    """The error code that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    return str(caught.value.response["Error"]["Code"])


def conditions(document: Any) -> dict[str, list[str]]:
    """The condition keys of the request, with their values."""
    items = document["context"]["conditions"]["items"]
    return {one["key"]: [value["value"] for value in one["values"]["items"]] for one in items}


def test_a_lack_of_permission(user: Any, as_: Any, aws: Any, account: str) -> None:
    made = user(None)
    vpc = f"arn:aws:ec2:us-east-1:{account}:vpc/*"
    message = message_of(as_(made, "ec2").create_vpc, **VPC)
    plain, _, encoded = message.partition(MARK)
    assert plain == (
        f"You are not authorized to perform this operation. User: {made['arn']} is not authorized to perform:"
        f" ec2:CreateVpc on resource: {vpc} because no identity-based policy allows the ec2:CreateVpc action"
    )
    found = decoded(aws("sts"), encoded)
    identity = aws("iam").get_user(UserName=made["name"])["User"]["UserId"]
    told = conditions(found)
    assert {**found, "context": {**found["context"], "conditions": {}}} == {
        "allowed": False,
        "explicitDeny": False,
        "matchedStatements": {"items": []},
        "failures": {"items": []},
        "context": {
            "principal": {"id": identity, "name": made["name"], "arn": made["arn"]},
            "action": "ec2:CreateVpc",
            "resource": vpc,
            "conditions": {},
        },
    }
    assert told["aws:Resource"] == ["vpc/*"]
    assert told["aws:Type"] == ["vpc"]
    assert told["aws:Account"] == [account]
    assert told["aws:RequestedRegion"] == ["us-east-1"]
    assert told["aws:PrincipalArn"] == [made["arn"]]


def test_an_explicit_deny_tells_its_statement(role: Any, user: Any, as_: Any, aws: Any) -> None:
    statement = {
        "Sid": "NoVpcs",
        "Effect": "Deny",
        "Action": ["ec2:CreateVpc", "ec2:CreateSubnet"],
        "Resource": "arn:aws:ec2:*:*:vpc/*",
        "Condition": {"StringNotEquals": {"aws:RequestTag/team": ["red", "blue"]}},
    }
    made = user(None)
    arn = role("acting", trusting({"AWS": made["arn"]}), may=[allow("*"), statement])["Arn"]
    given = as_(made).assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "green"}]}]
    encoded = encoded_in(as_(given, "ec2").create_vpc, **VPC, TagSpecifications=tags)
    found = decoded(aws("sts"), encoded)
    principal = found["context"]["principal"]
    assert sorted(principal) == ["arn", "id"]
    assert principal["id"].startswith("AROA")
    assert principal["id"].endswith(":work")
    assert found["explicitDeny"] is True
    values = [{"value": "red"}, {"value": "blue"}]
    assert found["matchedStatements"]["items"] == [
        {
            "statementId": "NoVpcs",
            "effect": "DENY",
            "principals": {"items": [{"value": principal["id"]}]},
            "principalGroups": {"items": []},
            "actions": {"items": [{"value": "ec2:CreateVpc"}, {"value": "ec2:CreateSubnet"}]},
            "resources": {"items": [{"value": "arn:aws:ec2:*:*:vpc/*"}]},
            "conditions": {"items": [{"key": "aws:RequestTag/team", "values": {"items": values}}]},
        }
    ]
    assert conditions(found)["aws:RequestTag/team"] == ["green"]


def test_an_action_without_resource_level_has_none(user: Any, as_: Any) -> None:
    """Recorded for ec2:DescribeInstances: neither resource nor encoded message."""
    made = user(None)
    assert message_of(as_(made, "ec2").describe_vpcs) == (
        f"You are not authorized to perform this operation. User: {made['arn']} is not authorized to perform:"
        " ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action"
    )


def test_it_takes_the_permission_to_decode(user: Any, as_: Any) -> None:
    made = user(None)
    encoded = encoded_in(as_(made, "ec2").create_vpc, **VPC)
    decode = as_(made).decode_authorization_message
    assert code_of(decode, EncodedMessage=encoded) == "AccessDenied"
    may = as_(user(document(allow("sts:DecodeAuthorizationMessage"))))
    assert decoded(may, encoded)["context"]["principal"]["arn"] == made["arn"]


def test_another_account_cannot_decode_it(user: Any, as_: Any, endpoint: str, other_account: str) -> None:
    encoded = encoded_in(as_(user(None), "ec2").create_vpc, **VPC)
    other = client(endpoint, "sts", access_key=other_account)
    wanted = "InvalidAuthorizationMessageException"
    assert code_of(other.decode_authorization_message, EncodedMessage=encoded) == wanted


def test_an_altered_message_or_another_seal_is_invalid(user: Any, as_: Any, aws: Any) -> None:
    encoded = encoded_in(as_(user(None), "ec2").create_vpc, **VPC)
    sts = aws("sts")
    token = sts.get_session_token()["Credentials"]["SessionToken"]
    flipped = [
        encoded[:at] + ("A" if encoded[at] != "A" else "B") + encoded[at + 1 :]
        for at in (0, 20, len(encoded) // 2, len(encoded) - 5)
    ]
    wanted = "InvalidAuthorizationMessageException"
    for text in ("x", "ä", encoded[:-4], encoded + "\n", f" {encoded}", token, *flipped):
        assert code_of(sts.decode_authorization_message, EncodedMessage=text) == wanted


def test_a_message_serves_as_no_session_token(user: Any, as_: Any, aws: Any) -> None:
    made = user(None)
    encoded = encoded_in(as_(made, "ec2").create_vpc, **VPC)
    credentials = aws("sts").get_session_token()["Credentials"]
    sts = as_({**credentials, "SessionToken": encoded})
    assert code_of(sts.get_caller_identity) == "InvalidClientTokenId"


def test_a_long_context_is_left_out(user: Any, as_: Any, aws: Any) -> None:
    """What DecodeAuthorizationMessage would not take is not handed out."""
    tags = [{"Key": f"{number:0128}", "Value": "x" * 256} for number in range(20)]
    given = [{"ResourceType": "vpc", "Tags": tags}]
    encoded = encoded_in(as_(user(None), "ec2").create_vpc, **VPC, TagSpecifications=given)
    assert len(encoded) <= 10240
    assert conditions(decoded(aws("sts"), encoded)) == {}
