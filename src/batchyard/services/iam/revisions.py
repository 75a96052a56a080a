"""The revision of an account's identities: replaced with every change that can change a decision."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.services.iam.tables import revisions
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_FIND = Prepared(
    select(revisions.c.revision).where(
        revisions.c.partition == bindparam("in_partition"), revisions.c.account == bindparam("of")
    )
)
_INSERT = insert(revisions).values(
    partition=bindparam("partition"), account=bindparam("account"), revision=bindparam("revision")
)
_REPLACE = Prepared(
    _INSERT.on_conflict_do_update(
        index_elements=["partition", "account"], set_={"revision": _INSERT.excluded.revision}
    )
)


def current(tx: Transaction, partition: str, account: str) -> str:
    """The account's revision; empty where nothing was ever made.

    A random token and no count: one that was rolled back, or reset with its account, never comes again, so
    what a cache holds under it can never be taken for something newer.
    """
    row = tx.first(_FIND, in_partition=partition, of=account)
    return "" if row is None else str(row.revision)


def changed(ctx: Context) -> None:
    """Say, in the transaction of the change, that decisions may differ from now on."""
    replace(ctx.write, ctx.partition, ctx.account)


def replace(tx: Transaction, partition: str, account: str) -> None:
    """The same for a controller, which has no call."""
    tx.run(_REPLACE, partition=partition, account=account, revision=ids.hexadecimal(16))
