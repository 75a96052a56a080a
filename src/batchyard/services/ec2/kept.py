"""A kind of EC2's resources of which an account has few: found, made, changed and deleted whole.

Each is one row of `ec2_kept`, whose body has the members that its description shows, and what else its kind keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.networks import stored
from batchyard.services.ec2.places import Place, at, columns_of, new_id, place
from batchyard.services.ec2.tables import kept
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_OF_KIND = (at(kept), kept.c.kind == bindparam("kind"))
_ONE = Prepared(select(kept).where(*_OF_KIND).where(kept.c.id == bindparam("id")))
_ALL = Prepared(select(kept).where(*_OF_KIND).order_by(kept.c.id))
_COUNT = Prepared(select(func.count().label("number")).select_from(kept).where(*_OF_KIND))
_INSERT = Prepared(insert(kept).values(columns_of(kept)))
_SET = Prepared(
    update(kept).where(*_OF_KIND).where(kept.c.id == bindparam("id")).values(body=bindparam("new_body"))
)
_DELETE = Prepared(delete(kept).where(*_OF_KIND).where(kept.c.id == bindparam("id")))
_PER_QUERY, _PER_ROW = 20.0, 10.0
"""Microseconds to ask for all, and to read each."""


@dataclass(frozen=True, slots=True)
class Held:
    """One resource as kept."""

    id: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Quota:
    """The most that a Region may have, and what is said beyond it."""

    most: int
    code: str
    text: str


Defaults = Callable[[Place], Sequence[Held]]


class Kept:
    """The rows of one kind, of which a noun is made (`nouns.py`). `name` is that of its ARNs and tags.

    `defaults`: those that every account has in a Region from the beginning, the same each time they are asked for.
    """

    def __init__(self, name: str, *, quota: Quota, defaults: Defaults = lambda where: ()) -> None:
        self.name = name
        self._quota = quota
        self._defaults = defaults
        stored.WRITERS.append(self._store_defaults)

    def find(self, tx: Transaction, where: Place, identity: str) -> Held | None:
        """By its id."""
        row = tx.first(_ONE, **where, kind=self.name, id=identity)
        if row is not None:
            return Held(row.id, row.body)
        return next((one for one in self._made_up(tx, where) if one.id == identity), None)

    def every(self, ctx: Context) -> list[Held]:
        """All of the Region, by id."""
        where = place(ctx)
        found = [Held(row.id, row.body) for row in ctx.read.all(_ALL, **where, kind=self.name)]
        found += self._made_up(ctx.read, where)
        ctx.effort.spend(_PER_QUERY + _PER_ROW * len(found))
        return sorted(found, key=lambda one: one.id)

    def within(self, ctx: Context, vpc_id: str) -> list[Held]:
        """Those of a VPC."""
        return [one for one in self.every(ctx) if one.body.get("VpcId") == vpc_id]

    def add(self, ctx: Context, prefix: str, body: dict[str, Any], tags: Mapping[str, str]) -> Held:
        """Make it; raises where the Region has as many as it may have."""
        stored.store_defaults(ctx)
        counted = ctx.read.first(_COUNT, **place(ctx), kind=self.name)
        if counted is not None and counted.number >= self._quota.most:
            raise ApiError(self._quota.code, self._quota.text)
        made = Held(new_id(prefix), body)
        self._insert(ctx, made)
        put_tags(ctx.write, place(ctx), self.name, [made.id], tags)
        return made

    def change(self, ctx: Context, held: Held, **members: Any) -> Held:
        """Write these members of its body anew."""
        stored.store_defaults(ctx)
        body = {**held.body, **members}
        ctx.write.run(_SET, **place(ctx), kind=self.name, id=held.id, new_body=body)
        return Held(held.id, body)

    def remove(self, ctx: Context, held: Held) -> None:
        """Delete it with its tags."""
        stored.store_defaults(ctx)
        ctx.write.run(_DELETE, **place(ctx), kind=self.name, id=held.id)
        forget_tags(ctx.write, place(ctx), held.id)

    def _made_up(self, tx: Transaction, where: Place) -> Sequence[Held]:
        return () if stored.is_stored(tx, where) else self._defaults(where)

    def _store_defaults(self, ctx: Context) -> None:
        for one in self._defaults(place(ctx)):
            self._insert(ctx, one)

    def _insert(self, ctx: Context, one: Held) -> None:
        ctx.write.run(_INSERT, **place(ctx), kind=self.name, id=one.id, body=one.body)
