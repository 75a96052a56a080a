"""Whether a Region's default network was written down: it is made up from the account's number until it changes."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import insert, select

from batchyard.framework.context import Context
from batchyard.services.ec2.places import Place, at, columns_of, place
from batchyard.services.ec2.tables import stored_networks
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_STORED = Prepared(select(stored_networks).where(at(stored_networks)))
_STORE = Prepared(insert(stored_networks).values(columns_of(stored_networks)))

WRITERS: list[Callable[[Context], None]] = []
"""Each writes its part of the default network down."""


def is_stored(tx: Transaction, where: Place) -> bool:
    """Does the default network stand in the tables, so far as it is still there?"""
    return tx.first(_STORED, **where) is not None


def store_defaults(ctx: Context) -> None:
    """Write the default network down, before the first change to it."""
    if is_stored(ctx.write, place(ctx)):
        return
    for write in WRITERS:
        write(ctx)
    ctx.write.run(_STORE, **place(ctx))
