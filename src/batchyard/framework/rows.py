"""Rows of a table, found by their place and their key: where most nouns come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, Table, bindparam, select, update

from batchyard.framework.place import Place
from batchyard.store.prepared import Compiled, Prepared, Row, Typed
from batchyard.store.transaction import Transaction

R = TypeVar("R")
Found = TypeVar("Found", covariant=True)
Key = Callable[[str], Mapping[str, Any] | None]
"""A name as a request or an ARN has it → the columns that it stands for; None for what can be no name."""

_PLACE = ("account", "partition", "region")


class Source(Protocol[Found]):
    """Where a noun's things come from; a table, unless some are made up or are of AWS."""

    def find(self, tx: Transaction, where: Place, name: str) -> Found | None:
        """The thing with this name, or None."""

    def find_tags(self, tx: Transaction, where: Place, name: str) -> Any:
        """Its tags as they are kept, or None where it is not there."""

    def after(
        self, tx: Transaction, where: Place, position: str, count: int, **given: Any
    ) -> Sequence[Found]:
        """Up to `count` things behind a position, in the order of their listing."""

    def keep_tags(self, tx: Transaction, found: Any, tags: Any) -> None:
        """Put tags in the place of those that a thing has."""


class Rows(Generic[R]):
    """`Rows(job_queues)`: by the column `name`; `Rows(definitions, ("name", "revision"), key=…)`: by several.

    Of account, partition and Region those count that the table has; an index has to answer them with the key. `whole`
    reads more than the table (a join of it); rows have the columns of that, and `row` is their NamedTuple. Tags are the
    column `tags`, if any.
    A listing goes by the column `order`, which an index gives; `within` narrows it, by parameters of `after`.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str] = ("name",),
        *,
        key: Key | None = None,
        whole: Select[Any] | None = None,
        row: type[R] | None = None,
        order: str | None = None,
        within: ColumnElement[bool] | None = None,
    ) -> None:
        self.table = table
        self._key = key or (lambda name: {columns[0]: name})
        read = select(table) if whole is None else whole
        placed = [table.c[column] == bindparam(column) for column in _PLACE if column in table.c]
        named = [table.c[column] == bindparam(column) for column in columns]
        found = read.where(*placed, *named)
        self._find: Prepared | Typed[R] = Prepared(found) if row is None else Typed(found, row)
        self._tags = Prepared(select(table.c.tags).where(*placed, *named)) if "tags" in table.c else None
        self._after: Prepared | Typed[R] | None = None
        if order is not None:
            rest = [table.c[order] > bindparam("position"), *(() if within is None else (within,))]
            listing = read.where(*placed, *rest).order_by(table.c[order]).limit(bindparam("count"))
            self._after = Prepared(listing) if row is None else Typed(listing, row)

    @property
    def statements(self) -> list[Compiled]:
        """All that it asks."""
        return [one for one in (self._find, self._tags, self._after) if one is not None]

    def find(self, tx: Transaction, where: Place, name: str) -> R | None:
        key = self._key(name)
        found: R | None = None if key is None else tx.first(self._find, **where, **key)
        return found

    def find_tags(self, tx: Transaction, where: Place, name: str) -> Any:
        key = self._key(name)
        if key is None or self._tags is None:
            return None
        row: Row | None = tx.first(self._tags, **where, **key)
        return None if row is None else row.tags

    def after(self, tx: Transaction, where: Place, position: str, count: int, **given: Any) -> Sequence[R]:
        if self._after is None:
            raise LookupError(f"{self.table.name} has no order")
        return tx.all(self._after, **where, position=position, count=count, **given)

    def keep_tags(self, tx: Transaction, found: Any, tags: Any) -> None:
        mine = [column == getattr(found, column.name) for column in self.table.primary_key]
        tx.run(update(self.table).where(*mine).values(tags=tags))
