"""AWSServiceRoleForBatch: where it is in use, and what its policy wants of names and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from sqlalchemy import bindparam, select

from batchyard.framework.service import RoleUse
from batchyard.services.batch.tables import compute_environments
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

ROLE_NAME = "AWSServiceRoleForBatch"
PRINCIPAL = "batch.amazonaws.com"

SERVICE_TAG = {"AWSBatchServiceTag": "batch"}
"""Statements 4, 7, 14 and 16 of BatchServiceRolePolicy ask for this key on what Batch makes; 8 on what it ends.
The value is recorded (batch-on-behalf.md 2)."""


def tags_of_made(row: Row) -> Mapping[str, str]:
    """What Batch tags an environment's cluster, template, fleet request and task definitions with.

    Nothing as a customer's role: AWSBatchServiceRole may tag tasks and what RunInstances makes alone
    (managed-policies.json), and the other naming scheme needs no tag (batch-on-behalf.md 2).
    """
    return SERVICE_TAG if row.service_linked else {}


_USING = Prepared(
    select(compute_environments.c.region, compute_environments.c.arn)
    .where(compute_environments.c.account == bindparam("account"))
    .where(compute_environments.c.service_role == bindparam("role_arn"))
    .order_by(compute_environments.c.region, compute_environments.c.name)
)


def role_arn(partition: str, account: str) -> str:
    """The ARN of the account's AWSServiceRoleForBatch, whether it exists or not."""
    return f"arn:{partition}:iam::{account}:role/aws-service-role/{PRINCIPAL}/{ROLE_NAME}"


def in_use(tx: Transaction, partition: str, account: str, arn: str) -> Iterable[RoleUse]:
    """Each Region with the environments that use the role, whatever their state (the document, "Cleaning up")."""
    rows = tx.all(_USING, account=account, role_arn=arn)
    for region, group in groupby(rows, key=lambda row: row.region):
        yield RoleUse(region, tuple(row.arn for row in group))
