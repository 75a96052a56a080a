"""AWSServiceRoleForAutoScaling: as whom Auto Scaling launches and ends instances, and when the role is in use."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from batchyard.framework.service import RoleUse
from batchyard.services.autoscaling.tables import groups
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

PRINCIPAL = "autoscaling.amazonaws.com"
ROLE_NAME = "AWSServiceRoleForAutoScaling"
SESSION_NAME = "AutoScaling"

_GROUPS = Prepared(
    select(groups.c.region, groups.c.uuid, groups.c.name)
    .where(groups.c.account == bindparam("account"))
    .where(groups.c.partition == bindparam("partition"))
    .where(groups.c.role_arn == bindparam("role_arn"))
    .order_by(groups.c.region, groups.c.name)
)


def role_arn(partition: str, account: str) -> str:
    """The ARN of Auto Scaling's service-linked role (the role without a suffix) in an account."""
    return f"arn:{partition}:iam::{account}:role/aws-service-role/{PRINCIPAL}/{ROLE_NAME}"


def where_in_use(tx: Transaction, partition: str, account: str, role: str) -> Iterable[RoleUse]:
    """Each Region with its groups that have this role, groups that are being deleted too (docs/decisions/0000)."""
    found: dict[str, list[str]] = {}
    for row in tx.all(_GROUPS, account=account, partition=partition, role_arn=role):
        place = f"arn:{partition}:autoscaling:{row.region}:{account}"
        arn = f"{place}:autoScalingGroup:{row.uuid}:autoScalingGroupName/{row.name}"
        found.setdefault(row.region, []).append(arn)
    return [RoleUse(region, tuple(arns)) for region, arns in found.items()]
