"""The revision of an account's identities: replaced with every change that can change a decision."""

from sqlalchemy import bindparam, select

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.services.iam.tables import revisions
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import upsert

_FIND = Prepared(
    select(revisions.c.revision).where(
        revisions.c.partition == bindparam("in_partition"), revisions.c.account == bindparam("of")
    )
)
_REPLACE = Prepared(
    upsert(revisions, {name: bindparam(name) for name in ("partition", "account", "revision")})
)


def current(tx: Transaction, partition: str, account: str) -> str:
    """The account's revision; empty where nothing was ever made.

    A random token and no count: a token that was rolled back, or reset with its account, never comes again, so
    what a cache holds under it can never be taken for something newer.
    """
    row = tx.first(_FIND, in_partition=partition, of=account)
    revision = "" if row is None else str(row.revision)
    if not tx.writable:
        tx.learn(_place(partition, account), revision)
    return revision


def newest(tx: Transaction, partition: str, account: str) -> str | None:
    """The revision of the newest commit, without asking the database; None where no snapshot read it before.
    (An open write sees its own changes, too.)

    What a cache holds under it is no older than this snapshot. It must not be used to keep what this snapshot reads:
    that may be older.
    """
    if tx.writable:
        return current(tx, partition, account)
    found: str | None = tx.remembered(_place(partition, account))
    return found


def changed(ctx: Context) -> None:
    """Say, in the transaction of the change, that decisions may differ from now on."""
    replace(ctx.write, ctx.partition, ctx.account)


def replace(tx: Transaction, partition: str, account: str) -> None:
    """The same for a controller, which has no call."""
    revision = ids.hexadecimal(16)
    tx.run(_REPLACE, partition=partition, account=account, revision=revision)
    tx.remember(_place(partition, account), revision)


def forget(tx: Transaction, account: str | None) -> None:
    """After a reset of one account, or of all: what caches hold of it is never true again."""
    for place in tx.all_remembered():
        if isinstance(place, tuple) and place[0] == "iam.revision" and account in (None, place[2]):
            replace(tx, place[1], place[2])


def _place(partition: str, account: str) -> tuple[str, str, str]:
    return ("iam.revision", partition, account)
