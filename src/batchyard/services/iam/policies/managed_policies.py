"""Managed policies by ARN, whoever owns them: the account's own are rows, AWS's come with Batchyard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.data.managed_policies import ManagedPolicy, PolicyEntry
from batchyard.framework.context import Context
from batchyard.services.iam.nouns import POLICY, unreadable_arn
from batchyard.services.iam.resources import LINKED_PATH
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import policy_versions
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

FindManagedPolicy = Callable[[str], ManagedPolicy | None]

_VERSION = Prepared(
    select(policy_versions).where(
        policy_versions.c.policy_id == bindparam("of_policy"),
        policy_versions.c.version == bindparam("number"),
    )
)


@dataclass(frozen=True, slots=True)
class Managed:
    """A managed policy with its default version's text."""

    arn: str
    name: str
    path: str
    policy_id: str
    default_version_id: str
    created_at: datetime
    updated_at: datetime
    document: str
    description: str | None
    row: Any = None
    """The account's own row; None for AWS's."""

    @property
    def is_linked_only(self) -> bool:
        """Is it for service-linked roles alone (slr.md 3)?"""
        return self.row is None and self.path.startswith(LINKED_PATH)


def find_managed(
    tx: Transaction, find_aws: FindManagedPolicy, *, partition: str, account: str, arn: str
) -> Managed | None:
    """The managed policy with this ARN that `account` may use; None where there is none."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[:4] != ["arn", partition, "iam", ""] or not parts[5].startswith("policy/"):
        return None
    if parts[4] == "aws":
        policy = find_aws(arn)
        return None if policy is None else of_aws(policy, arn)
    row = POLICY.find_by_arn(tx, {"partition": partition, "account": account}, arn)
    return None if row is None else of_row(tx, row)


def of_aws(policy: ManagedPolicy, arn: str) -> Managed:
    """One of AWS's policies under its ARN in a partition."""
    return Managed(
        arn=arn,
        name=policy.name,
        path=policy.path,
        policy_id=policy.policy_id,
        default_version_id=policy.default_version_id,
        created_at=policy.created_at,
        updated_at=policy.updated_at,
        document=policy.document,
        description=policy.description,
    )


def of_row(tx: Transaction, row: Any) -> Managed:
    """One of the account's own policies, with its default version."""
    version = tx.first(_VERSION, of_policy=row.id, number=row.default_version)
    if version is None:
        raise LookupError(f"policy {row.id} has lost its default version {row.default_version}")
    return Managed(
        arn=POLICY.arn_of(row),
        name=row.name,
        path=row.path,
        policy_id=row.id,
        default_version_id=f"v{row.default_version}",
        created_at=row.created_at,
        updated_at=row.updated_at,
        document=version.document,
        description=row.description,
        row=row,
    )


def entry_of(row: Any) -> PolicyEntry:
    """One of the account's own policies as a listing tells it: without its document."""
    return PolicyEntry(
        arn=POLICY.arn_of(row),
        name=row.name,
        path=row.path,
        policy_id=row.id,
        default_version_id=f"v{row.default_version}",
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def find_for(ctx: Context, arn: str) -> Managed | None:
    """The managed policy with this ARN that the caller's account may use."""
    return find_managed(
        ctx.read, ctx.runtime.find_managed_policy, partition=ctx.partition, account=ctx.account, arn=arn
    )


def require_for(ctx: Context, arn: str) -> Managed:
    """The same; raises ValidationError for what is no ARN, and NoSuchEntity (recorded: SNAP for both texts)."""
    check_arn(arn)
    found = find_for(ctx, arn)
    if found is None:
        raise iam.error.NoSuchEntityException(f"Policy {arn} was not found.")
    return found


def require_attachable(ctx: Context, arn: str) -> Managed:
    """The policy to attach or to bound with; raises NoSuchEntity in the words for that (recorded: SNAP)."""
    check_arn(arn)
    found = find_for(ctx, arn)
    if found is None:
        text = f"Policy {arn} does not exist or is not attachable."
        raise iam.error.NoSuchEntityException(text)
    return found


def check_arn(arn: str) -> None:
    """Raise ValidationError for what cannot be read as an ARN."""
    error = unreadable_arn(arn)
    if error is not None:
        raise error
