"""The account's password policy: update, get, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.operation import NoMembers
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import password_policies
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import upsert

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import UpdateAccountPasswordPolicyRequestTypeDef

DEFAULTS = {
    "MinimumPasswordLength": 6,
    "RequireSymbols": False,
    "RequireNumbers": False,
    "RequireUppercaseCharacters": False,
    "RequireLowercaseCharacters": False,
    "AllowUsersToChangePassword": False,
}
"""What a parameter that is left out means, and what an answer always has (recorded: SNAP)."""

_POLICY = Prepared(
    select(password_policies.c.settings).where(
        password_policies.c.partition == bindparam("in_partition"),
        password_policies.c.account == bindparam("of"),
    )
)


def find_password_policy(ctx: Context) -> dict[str, Any] | None:
    """The account's policy in the members of its request; None where it has none of its own."""
    return password_policy_of(ctx.read, ctx.partition, ctx.account)


def password_policy_of(tx: Transaction, partition: str, account: str) -> dict[str, Any] | None:
    """The same of any account."""
    row = tx.first(_POLICY, in_partition=partition, of=account)
    return None if row is None else dict(row.settings)


@iam.operation(on=ANY, writes=True)
def update_account_password_policy(ctx: Context, request: UpdateAccountPasswordPolicyRequestTypeDef) -> None:
    """Replace the whole policy: what is left out falls back to its default."""
    settings = {**DEFAULTS, **request}
    ctx.write.run(
        upsert(password_policies, {"partition": ctx.partition, "account": ctx.account, "settings": settings})
    )


@iam.operation(on=ANY)
def get_account_password_policy(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Tell the policy; ages, reuse and hard expiry only where they were set (text and members recorded: SNAP)."""
    policy = find_password_policy(ctx)
    if policy is None:
        raise iam.error.NoSuchEntityException(
            f"The Password Policy with domain name {ctx.account} cannot be found."
        )
    return {"PasswordPolicy": {**policy, "ExpirePasswords": "MaxPasswordAge" in policy}}


@iam.operation(on=ANY, writes=True)
def delete_account_password_policy(ctx: Context, request: NoMembers) -> None:
    """Go back to the default policy (text recorded: SNAP)."""
    gone = delete(password_policies).where(
        password_policies.c.partition == ctx.partition, password_policies.c.account == ctx.account
    )
    if ctx.write.run(gone) == 0:
        raise iam.error.NoSuchEntityException("The account policy with name PasswordPolicy cannot be found.")
