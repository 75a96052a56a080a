"""Key pairs as rows: found by name, which is what launches and policies know them by."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from batchyard.framework.check import Tags
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.places import Place, at, place
from batchyard.services.ec2.tables import key_pairs
from batchyard.services.ec2.tags.tag_rows import tag_map
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_BY_NAME = Prepared(select(key_pairs).where(at(key_pairs)).where(key_pairs.c.name == bindparam("name")))
_BY_ID = Prepared(select(key_pairs).where(at(key_pairs)).where(key_pairs.c.id == bindparam("id")))


def find_key_pair(tx: Transaction, where: Place, name: str) -> Row | None:
    """A key pair by its name."""
    return tx.first(_BY_NAME, **where, name=name)


def find_key_pair_by_id(tx: Transaction, where: Place, identity: str) -> Row | None:
    """A key pair by its id."""
    return tx.first(_BY_ID, **where, id=identity)


def require_key_pair(ctx: Context, name: str) -> Row:
    """A key pair by its name; raises InvalidKeyPair.NotFound."""
    row = find_key_pair(ctx.read, place(ctx), name)
    if row is None:
        raise ApiError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
    return row


def key_pair_tags(ctx: Context, name: str) -> Tags | None:
    """A key pair's tags by its name, for policies; None where it is not there."""
    row = find_key_pair(ctx.read, place(ctx), name)
    return None if row is None else tag_map(ctx.read, place(ctx), row.id)
