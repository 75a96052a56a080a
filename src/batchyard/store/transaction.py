"""What a reader or writer of the database holds: statements in, rows out, within one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Executable

from batchyard.store.prepared import Prepared, Row


class ReadOnly(Exception):
    """A snapshot was asked to change something."""


class Transaction:
    """One open transaction. `writable` is true only on the writer thread.

    Statements are SQLAlchemy Core constructs, or `Prepared` ones on hot paths; parameters go by name.
    """

    def __init__(self, connection: Connection, *, writable: bool) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.dbapi_connection
        self.writable = writable
        self._savepoints = 0
        self._callbacks: list[Callable[[], None]] = []

    def all(self, statement: Executable | Prepared, /, **parameters: Any) -> Sequence[Row]:
        """Every row that the statement gives; columns are attributes of a row."""
        if isinstance(statement, Prepared):
            return statement.fetch(self._driver, parameters)
        return self._connection.execute(statement, parameters).all()

    def first(self, statement: Executable | Prepared, /, **parameters: Any) -> Row | None:
        """The first row, or None."""
        if isinstance(statement, Prepared):
            return statement.fetch_first(self._driver, parameters)
        return self._connection.execute(statement, parameters).first()

    def run(self, statement: Executable | Prepared, /, **parameters: Any) -> int:
        """Change rows; answers how many."""
        self._require_writable()
        if isinstance(statement, Prepared):
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
        if isinstance(statement, Prepared):
            statement.run_many(self._driver, rows)
        else:
            self._connection.execute(statement, [dict(row) for row in rows])

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens within is undone if it raises, and only that; so are its `after_commit` callbacks."""
        self._require_writable()
        self._savepoints += 1
        name = f"s{self._savepoints}"
        kept = len(self._callbacks)
        self._driver.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self._driver.execute(f"ROLLBACK TO {name}")
            self._driver.execute(f"RELEASE {name}")
            del self._callbacks[kept:]
            raise
        else:
            self._driver.execute(f"RELEASE {name}")
        finally:
            self._savepoints -= 1

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once this transaction is on disk (on the writer thread: it must not block)."""
        self._require_writable()
        self._callbacks.append(callback)

    def take_callbacks(self) -> list[Callable[[], None]]:
        """The callbacks to run after the commit; for the writer alone."""
        taken, self._callbacks = self._callbacks, []
        return taken

    def _require_writable(self) -> None:
        if not self.writable:
            raise ReadOnly("this transaction is a snapshot: declare the operation with writes=True")
