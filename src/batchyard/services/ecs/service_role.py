"""AWSServiceRoleForECS: as whom ECS looks at instances, and when the role is in use."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from batchyard.framework.service import RoleUse
from batchyard.services.ecs.tables import clusters
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

PRINCIPAL = "ecs.amazonaws.com"
ROLE_NAME = "AWSServiceRoleForECS"
SESSION_NAME = "ecs-service-scheduler"
"""Role session name of ECS (guess: seen in CloudTrail listings of service tasks, not recorded for instances)."""

_CLUSTERS = Prepared(
    select(clusters.c.region, clusters.c.name)
    .where(clusters.c.account == bindparam("account"))
    .where(clusters.c.partition == bindparam("partition"))
    .where(clusters.c.status == "ACTIVE")
    .order_by(clusters.c.region, clusters.c.name)
)


def role_arn(partition: str, account: str) -> str:
    """The ARN of ECS's service-linked role in an account."""
    return f"arn:{partition}:iam::{account}:role/aws-service-role/{PRINCIPAL}/{ROLE_NAME}"


def where_in_use(tx: Transaction, partition: str, account: str, role: str) -> Iterable[RoleUse]:
    """Each Region of the partition with its active clusters: any of them keeps the role (docs/decisions/0000)."""
    found: dict[str, list[str]] = {}
    for row in tx.all(_CLUSTERS, account=account, partition=partition):
        arn = f"arn:{partition}:ecs:{row.region}:{account}:cluster/{row.name}"
        found.setdefault(row.region, []).append(arn)
    return [RoleUse(region, tuple(arns)) for region, arns in found.items()]
