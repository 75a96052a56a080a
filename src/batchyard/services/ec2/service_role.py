"""AWSServiceRoleForEC2Spot and AWSServiceRoleForEC2SpotFleet: their ARNs, and when each is in use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from batchyard.framework.errors import AccessDenied, ApiError
from batchyard.framework.service import RoleUse
from batchyard.services.ec2.tables import instances, spot_fleets
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

if TYPE_CHECKING:
    from batchyard.framework.context import Context

SPOT_PRINCIPAL = "spot.amazonaws.com"
SPOT_FLEET_PRINCIPAL = "spotfleet.amazonaws.com"
ROLE_NAMES = {
    SPOT_PRINCIPAL: "AWSServiceRoleForEC2Spot",
    SPOT_FLEET_PRINCIPAL: "AWSServiceRoleForEC2SpotFleet",
}

_SPOT_INSTANCES = Prepared(
    select(instances.c.region, instances.c.id)
    .where(instances.c.account == bindparam("account"))
    .where(instances.c.partition == bindparam("partition"))
    .where(instances.c.lifecycle == "spot")
    .where(instances.c.state != "terminated")
    .order_by(instances.c.region, instances.c.id)
)
_LIVE_FLEETS = Prepared(
    select(spot_fleets.c.region, spot_fleets.c.id)
    .where(spot_fleets.c.account == bindparam("account"))
    .where(spot_fleets.c.partition == bindparam("partition"))
    .where(spot_fleets.c.is_live == 1)
    .order_by(spot_fleets.c.region, spot_fleets.c.id)
)


def role_arn(principal: str, partition: str, account: str) -> str:
    """The ARN of an account's service-linked role of one of Spot's principals, whether it exists or not."""
    return f"arn:{partition}:iam::{account}:role/aws-service-role/{principal}/{ROLE_NAMES[principal]}"


def ensure_role(ctx: Context, principal: str) -> None:
    """Make the service-linked role as the caller where it is missing.

    A caller that may not make it is refused as EC2 does: AuthFailure.ServiceLinkedRoleCreationNotPermitted.
    """
    name = ROLE_NAMES[principal]
    if ctx.runtime.policies.find_role(ctx.read, ctx.partition, ctx.account, name) is not None:
        return
    try:
        ctx.forward().iam.create_service_linked_role(AWSServiceName=principal)
    except AccessDenied as error:
        what = "EC2 Spot Instances" if principal == SPOT_PRINCIPAL else "EC2 Spot Fleet"
        raise ApiError(
            "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
            f"The provided credentials do not have permission to create the service-linked role for {what}.",
            status=403,
        ) from error


def where_spot_in_use(tx: Transaction, partition: str, account: str, role: str) -> Iterable[RoleUse]:
    """Each Region with its live Spot Instances: any of them keeps the role (docs/decisions/0000)."""
    rows = tx.all(_SPOT_INSTANCES, account=account, partition=partition)
    return _by_region(rows, f"arn:{partition}:ec2:{{}}:{account}:instance/{{}}")


def where_spot_fleet_in_use(tx: Transaction, partition: str, account: str, role: str) -> Iterable[RoleUse]:
    """Each Region with its Spot Fleet requests that have not ended (docs/decisions/0000)."""
    rows = tx.all(_LIVE_FLEETS, account=account, partition=partition)
    return _by_region(rows, f"arn:{partition}:ec2:{{}}:{account}:spot-fleet-request/{{}}")


def _by_region(rows: Iterable[Row], template: str) -> list[RoleUse]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.region, []).append(template.format(row.region, row.id))
    return [RoleUse(region, tuple(arns)) for region, arns in found.items()]
