"""What an account is like in a Region: its platform, its default VPC, its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import Vpc
from batchyard.services.ec2.places import place
from batchyard.services.ec2.refusals import invalid_value
from batchyard.services.ec2.service import ec2

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import DescribeAccountAttributesRequestTypeDef


@ec2.operation(on=ANY)
def describe_account_attributes(
    ctx: Context, request: DescribeAccountAttributesRequestTypeDef
) -> dict[str, Any]:
    """The account's attributes. Its limits on instances and addresses are AWS's defaults and bind nothing here."""
    vpc = networks.first(ctx.read, place(ctx), Vpc, lambda one: one.is_default)
    attributes = {
        "supported-platforms": "VPC",
        "default-vpc": vpc.id if vpc else "none",
        "max-instances": "20",
        "vpc-max-security-groups-per-interface": "5",
        "max-elastic-ips": "5",
        "vpc-max-elastic-ips": "5",
    }
    given: Sequence[str] | None = request.get("AttributeNames")
    named = given or list(attributes)
    unknown = [one for one in named if one not in attributes]
    if unknown:
        raise invalid_value(f"Value ({unknown[0]}) for parameter attributeName is invalid.")
    return {
        "AccountAttributes": [
            {"AttributeName": name, "AttributeValues": [{"AttributeValue": attributes[name]}]}
            for name in named
        ]
    }
