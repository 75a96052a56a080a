"""What a reader or writer of the database holds: statements in, rows out, within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from sqlalchemy import Connection, Executable

from batchyard.store.prepared import Compiled, Prepared, Row, Typed

R = TypeVar("R")


class ReadOnly(Exception):
    """A snapshot was asked to change something."""


Collector = Callable[["Transaction", list[Any]], None]


class Transaction:
    """One open transaction. `writable` is true only within a write.

    Statements are SQLAlchemy Core constructs, or `Prepared` statements on hot paths; parameters go by name.
    """

    def __init__(
        self, connection: Connection, *, writable: bool, remembered: dict[object, object] | None = None
    ) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.dbapi_connection
        self.writable = writable
        self._savepoints = 0
        self._callbacks: list[Callable[[], None]] = []
        self._remembered = {} if remembered is None else remembered
        self._collected: dict[Collector, list[Any]] = {}
        self._notes: dict[object, Any] = {}
        self._noted_before: list[tuple[object, Any]] = []

    @overload
    def all(self, statement: Typed[R], /, **parameters: Any) -> Sequence[R]: ...
    @overload
    def all(self, statement: Executable | Prepared, /, **parameters: Any) -> Sequence[Row]: ...
    def all(self, statement: Executable | Compiled, /, **parameters: Any) -> Sequence[Row]:
        """Every row that the statement gives; columns are attributes of a row."""
        self._begin_reading()
        if isinstance(statement, Compiled):
            return statement.fetch(self._driver, parameters)
        return self._connection.execute(statement, parameters).all()

    @overload
    def first(self, statement: Typed[R], /, **parameters: Any) -> R | None: ...
    @overload
    def first(self, statement: Executable | Prepared, /, **parameters: Any) -> Row | None: ...
    def first(self, statement: Executable | Compiled, /, **parameters: Any) -> Row | None:
        """The first row, or None."""
        self._begin_reading()
        if isinstance(statement, Compiled):
            return statement.fetch_first(self._driver, parameters)
        return self._connection.execute(statement, parameters).first()

    def run(self, statement: Executable | Prepared, /, **parameters: Any) -> int:
        """Change rows; answers how many."""
        self._require_writable()
        if isinstance(statement, Compiled):
            return statement.run(self._driver, parameters)
        return self._connection.execute(statement, parameters).rowcount

    def insert(self, statement: Prepared, /, **parameters: Any) -> int:
        """Insert one row; answers its integer primary key."""
        self._require_writable()
        return statement.insert(self._driver, parameters)

    def run_many(self, statement: Executable | Prepared, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for many rows at once."""
        self._require_writable()
        if not rows:
            return
        if isinstance(statement, Compiled):
            statement.run_many(self._driver, rows)
        else:
            self._connection.execute(statement, [dict(row) for row in rows])

    def savepoint(self) -> Savepoint:
        """What happens within is undone if it raises, and only that; so are its callbacks and notes."""
        self._require_writable()
        return Savepoint(self)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once this transaction is on disk (on whichever thread committed: it must not block)."""
        self._require_writable()
        self._callbacks.append(callback)

    def collect(self, collector: Collector, row: Any) -> None:
        """Have `collector` called once with all rows that this transaction collected for it, just before the commit.

        For what no savepoint may undo (the audit): call it outside of a savepoint.
        """
        self._require_writable()
        self._collected.setdefault(collector, []).append(row)

    def flush(self) -> None:
        """Call the collectors; for the writer alone."""
        for collector, rows in self._collected.items():
            collector(self, rows)
        self._collected = {}

    def note(self, key: object, value: Any) -> None:
        """Keep a value for the rest of this transaction; forgotten with the savepoint that it was noted in."""
        self._noted_before.append((key, self._notes.get(key)))
        self._notes[key] = value

    def _forget_notes(self, kept: int) -> None:
        """Bring the notes back to what they were when there were only so many; for savepoints alone."""
        while len(self._noted_before) > kept:
            key, before = self._noted_before.pop()
            if before is None:
                del self._notes[key]
            else:
                self._notes[key] = before

    def noted(self, key: object) -> Any:
        """What was noted in this transaction under `key`, or None."""
        return self._notes.get(key)

    def remember(self, key: object, value: object) -> None:
        """Keep a committed value in memory, for every reader: there once this transaction is on disk."""
        self.after_commit(lambda: self._remembered.__setitem__(key, value))

    def remembered(self, key: object) -> Any:
        """What the newest commit that said so keeps under `key`; it may be newer than this snapshot. None: unknown."""
        return self._remembered.get(key)

    def hint(self, key: object, value: object) -> None:
        """Keep in memory, at once, what costs nobody but time where it is wrong; `remembered` tells it."""
        self._remembered[key] = value

    def all_remembered(self) -> list[object]:
        """Every key that `remembered` knows."""
        return list(self._remembered)

    def learn(self, key: object, value: object) -> Any:
        """Keep a value that this snapshot read, unless a commit said otherwise meanwhile; returns what is kept."""
        return self._remembered.setdefault(key, value)

    def take_callbacks(self) -> list[Callable[[], None]]:
        """The callbacks to run after the commit; for the writer alone."""
        taken, self._callbacks = self._callbacks, []
        return taken

    def _begin_reading(self) -> None:
        """What has to happen before something is read: nothing, in a write."""

    def _require_writable(self) -> None:
        if not self.writable:
            raise ReadOnly("this transaction is a snapshot: declare the operation with writes=True")


class Savepoint:
    """`with tx.savepoint():`"""

    __slots__ = ("_callbacks", "_name", "_notes", "_tx")

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __enter__(self) -> None:
        tx = self._tx
        tx._savepoints += 1
        self._name = f"s{tx._savepoints}"
        self._callbacks, self._notes = len(tx._callbacks), len(tx._noted_before)
        tx._driver.execute(f"SAVEPOINT {self._name}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        tx = self._tx
        tx._savepoints -= 1
        if error is not None:
            tx._driver.execute(f"ROLLBACK TO {self._name}")
            del tx._callbacks[self._callbacks :]
            tx._forget_notes(self._notes)
        tx._driver.execute(f"RELEASE {self._name}")


class Snapshot(Transaction):
    """A reader's transaction, as a context. It begins with its first statement: many a call needs none."""

    def __init__(self, connection: Connection, place: Any, *, remembered: dict[object, object]) -> None:
        super().__init__(connection, writable=False, remembered=remembered)
        self._begun = False
        self._place = place

    def __enter__(self) -> Snapshot:
        self._place.snapshot = self
        return self

    def __exit__(self, *raised: object) -> None:
        self._place.snapshot = None
        if self._begun:
            self._begun = False
            self._driver.execute("ROLLBACK")

    def _begin_reading(self) -> None:
        if not self._begun:
            self._driver.execute("BEGIN")
            self._begun = True
