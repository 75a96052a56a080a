"""Tags whose keys begin with `aws:` are refused wherever a request of a user has tags, in each service's own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from authorization.checks import SERVICES, built
from batchyard.framework.reserved_tags import TagPlace, places_of
from batchyard.wire import model as wire_model
from batchyard.wire.model import Shape

CASES = Path(__file__).parent / "cases"
PREFIXED = "aws: prefixed tag key names are not allowed for external use."
IN_EC2 = "Tag keys starting with 'aws:' are reserved for internal use"
WORDS = {
    "autoscaling": ("ValidationError", PREFIXED),
    "batch": ("BadRequestException", PREFIXED),
    "ec2": ("InvalidParameterValue", IN_EC2),
    "ecs": ("InvalidParameterException", "Tag key must not start with aws:"),
    "eks": ("InvalidParameterException", PREFIXED),
    "iam": ("InvalidInput", "Invalid user tag: tag keys beginning with aws: are reserved for system use"),
    "logs": ("InvalidParameterException", PREFIXED),
    "sts": ("InvalidParameterValue", "Tag keys beginning with aws: are reserved for system use."),
}
TAKEN = {("sts", "GetWebIdentityToken")}
"""Recorded: radkawar/stackd, outbound_issuance.json."""


def _places() -> Iterator[Any]:
    for service in sorted(SERVICES):
        model = wire_model.load(service)
        for operation in built(service):
            for place in places_of(model.operations[operation]):
                if (service, operation) not in {*TAKEN, ("sts", "AssumeRole")}:
                    yield pytest.param(service, operation, place, id=f"{service}-{operation}-{place.path}")


def _row(service: str, operation: str, account: str) -> dict[str, Any]:
    for row in json.loads((CASES / f"{service}.json").read_text()):
        if row["operation"] == operation:
            found: dict[str, Any] = json.loads(json.dumps(row["request"]).replace("{account}", account))
            return found
    raise LookupError(operation)


def _with_tag(shape: Shape, names: list[str], form: str, key: str, held: Any) -> Any:
    """What is held, with one tag at the end of the way; what is missing on the way is made, as small as it may be."""
    if shape.type == "list" and names:
        rest = list(held or [None])
        return [_with_tag(shape.member, names, form, key, rest[0]), *rest[1:]]
    if not names:
        return _tag(shape, form, key, held)
    made = dict(held) if held else {one: _smallest(shape.members[one]) for one in shape.required}
    name, *rest = names
    return {**made, name: _with_tag(shape.members[name], rest, form, key, made.get(name))}


def _tag(shape: Shape, form: str, key: str, held: Any) -> Any:
    if form == "map":
        return {key: "x"}
    if form == "keys":
        return [key]
    names = ("Key", "Value") if "Key" in shape.member.members else ("key", "value")
    first = held[0] if isinstance(held, list) and held and isinstance(held[0], dict) else {}
    return [{**first, **dict(zip(names, (key, "x"), strict=True))}]


def _smallest(shape: Shape) -> Any:
    if shape.type == "structure":
        return {one: _smallest(shape.members[one]) for one in shape.required}
    if shape.type == "list":
        return [_smallest(shape.member)]
    enum = shape.raw.get("enum")
    return {"string": enum[0] if enum else "x", "integer": 1, "boolean": False}[shape.type]


@pytest.mark.parametrize(("service", "operation", "place"), list(_places()))
def test_reserved_tags_are_refused(
    service: str, operation: str, place: TagPlace, aws: Any, account: str
) -> None:
    shape = wire_model.load(service).operations[operation].input
    assert shape is not None
    bare = _row(service, operation, account)
    expected = WORDS[service]
    for key in ("aws:cloudformation:stack-name", "AWS:x"):
        if place.path.startswith("LaunchTemplateData."):
            expected = ("InvalidTagKey.Malformed", f"The tag key '{key}' is not valid. {IN_EC2}.")
        request = _with_tag(shape, place.path.split("."), place.form, key, bare)
        with pytest.raises(ClientError) as caught:
            getattr(aws(service), xform_name(operation))(**request)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        error = caught.value.response["Error"]
        assert (error["Code"], error["Message"]) == expected


def test_a_session_is_given_no_reserved_tags(aws: Any, user_client: Any, account: str) -> None:
    """AssumeRole is for a role that is there, and not for root."""
    may = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"]}
    trust = {"Version": "2012-10-17", "Statement": {**may, "Principal": {"AWS": account}}}
    made = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    sts = user_client("sts", {"Version": "2012-10-17", "Statement": {**may, "Resource": "*"}})
    role = {"RoleArn": made["Arn"], "RoleSessionName": "work"}
    with pytest.raises(ClientError) as caught:
        sts.assume_role(**role, Tags=[{"Key": "Aws:x", "Value": "y"}])
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == WORDS["sts"]
    assert sts.assume_role(**role, Tags=[{"Key": "x", "Value": "y"}])["Credentials"]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_model_says_where_each_operation_has_tags(service: str) -> None:
    """What policies are told of (`tags=`, `tag_keys=`) is found, too; so are EC2's specifications."""
    model = wire_model.load(service)
    for operation, name in built(service).items():
        entry = SERVICES[service].operations[name]
        found = [place.path for place in places_of(model.operations[operation])]
        assert {entry.tags, entry.tag_keys} - {None} <= set(found)


def test_who_may_not_tag_is_told_that_and_nothing_else(user_client: Any) -> None:
    batch = user_client("batch")
    with pytest.raises(ClientError, match="not authorized to perform: batch:RegisterJobDefinition"):
        batch.register_job_definition(jobDefinitionName="d", type="container", tags={"aws:x": "y"})


def test_what_aws_set_its_users_do_not_remove(aws: Any, wait_for: Any) -> None:
    """The group's tag comes from Auto Scaling, stays, and is no obstacle to the others."""
    ec2 = aws("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.create_launch_template(
        LaunchTemplateName="template", LaunchTemplateData={"InstanceType": "c5.large", "ImageId": image}
    )
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    aws("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="g",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "template", "Version": "1"},
        VPCZoneIdentifier=subnet,
        Tags=[{"Key": "team", "Value": "blue", "PropagateAtLaunch": True}],
    )

    def launched() -> list[Any]:
        shown = aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return list(shown[0]["Instances"])

    identity = wait_for(launched)[0]["InstanceId"]

    def keys() -> set[str]:
        filters = [{"Name": "resource-id", "Values": [identity]}]
        return {tag["Key"] for tag in ec2.describe_tags(Filters=filters)["Tags"]}

    of_aws = {key for key in keys() if key.startswith("aws:")}
    assert "aws:autoscaling:groupName" in of_aws
    assert keys() == {"team", *of_aws}
    with pytest.raises(ClientError, match="reserved for internal use"):
        ec2.delete_tags(Resources=[identity], Tags=[{"Key": "aws:autoscaling:groupName"}])
    ec2.delete_tags(Resources=[identity], Tags=[{"Key": "team"}])
    ec2.create_tags(Resources=[identity], Tags=[{"Key": "cost", "Value": "1"}])
    assert keys() == {"cost", *of_aws}
