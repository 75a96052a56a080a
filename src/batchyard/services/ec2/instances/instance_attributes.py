"""DescribeInstanceAttribute: one thing about an instance, its user data among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.services.ec2.nouns import INSTANCE
from batchyard.services.ec2.service import ec2
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import DescribeInstanceAttributeRequestTypeDef

_ATTRIBUTES = ec2.unbuilt(
    "`Attribute` other than `userData`, `instanceType`, `rootDeviceName`, `ebsOptimized` and `groupSet`",
    on=["DescribeInstanceAttribute"],
)


def _instance(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    return [INSTANCE.check(ctx, request.get("InstanceId", ""))]


@ec2.operation(on=_instance, honours={"InstanceId", "Attribute"})
def describe_instance_attribute(
    ctx: Context, request: DescribeInstanceAttributeRequestTypeDef
) -> dict[str, Any]:
    """The attribute as the instance was launched with; user data comes as base64, empty where there is none."""
    row = INSTANCE.require(ctx, request["InstanceId"])
    return {"InstanceId": row.id, **_attribute(row, request["Attribute"])}


def _attribute(row: Row, name: str) -> dict[str, Any]:
    launched = row.launched_with
    if name == "userData":
        return {"UserData": {"Value": launched["UserData"]} if launched.get("UserData") else {}}
    if name == "instanceType":
        return {"InstanceType": {"Value": row.instance_type}}
    if name == "rootDeviceName":
        return {"RootDeviceName": {"Value": launched["RootDeviceName"]}}
    if name == "ebsOptimized":
        return {"EbsOptimized": {"Value": bool(launched.get("EbsOptimized"))}}
    if name == "groupSet":
        return {"Groups": row.security_groups}
    raise _ATTRIBUTES(f"the attribute {name} of DescribeInstanceAttribute")
