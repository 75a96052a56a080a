"""The account's alias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import account_aliases
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateAccountAliasRequestTypeDef,
        DeleteAccountAliasRequestTypeDef,
        ListAccountAliasesRequestTypeDef,
    )

_BY_ACCOUNT = Prepared(
    select(account_aliases.c.alias).where(
        account_aliases.c.account == bindparam("of"), account_aliases.c.partition == bindparam("in_partition")
    )
)
_BY_ALIAS = Prepared(
    select(account_aliases.c.account).where(
        account_aliases.c.alias == bindparam("wanted"),
        account_aliases.c.partition == bindparam("in_partition"),
    )
)


def find_account(tx: Transaction, partition: str, alias: str) -> str | None:
    """The account that has this alias, or None."""
    row = tx.first(_BY_ALIAS, wanted=alias, in_partition=partition)
    return None if row is None else str(row.account)


def find_alias(ctx: Context) -> str | None:
    """The account's alias, if any."""
    row = ctx.read.first(_BY_ACCOUNT, of=ctx.account, in_partition=ctx.partition)
    return None if row is None else str(row.alias)


@iam.operation(on=ANY)
def list_account_aliases(ctx: Context, request: ListAccountAliasesRequestTypeDef) -> dict[str, Any]:
    """List the account's alias: it has one or none."""
    alias = find_alias(ctx)
    return {"AccountAliases": [] if alias is None else [alias], "IsTruncated": False}


@iam.operation(on=ANY, writes=True)
def create_account_alias(ctx: Context, request: CreateAccountAliasRequestTypeDef) -> None:
    """Give the account its alias, in place of the alias that it has; no two accounts share an alias.

    Text of a taken alias: [guess].
    """
    alias = request["AccountAlias"]
    if find_account(ctx.write, ctx.partition, alias) is not None:
        raise iam.error.EntityAlreadyExistsException(f"The account alias {alias} already exists.")
    _forget(ctx)
    ctx.write.run(insert(account_aliases).values(alias=alias, partition=ctx.partition, account=ctx.account))


@iam.operation(on=ANY, writes=True)
def delete_account_alias(ctx: Context, request: DeleteAccountAliasRequestTypeDef) -> None:
    """Take the account's alias away (NoSuchEntity's text is a guess)."""
    alias = request["AccountAlias"]
    if find_account(ctx.write, ctx.partition, alias) != ctx.account:
        raise iam.error.NoSuchEntityException(f"The account alias with name {alias} cannot be found.")
    _forget(ctx)


def _forget(ctx: Context) -> None:
    ctx.write.run(
        delete(account_aliases).where(
            account_aliases.c.account == ctx.account, account_aliases.c.partition == ctx.partition
        )
    )
