"""Statements of the hot paths: compiled by SQLAlchemy once, then handed straight to the driver."""

import functools
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Executable, TypeDecorator, bindparam, func, select
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.types import TypeEngine

from batchyard.store.types import Json

Row = Any
"""A row: columns are attributes, in the statement's order."""

R = TypeVar("R")
_DIALECT = SQLiteDialect_pysqlite(paramstyle="named")


class Compiled:
    """A Core statement with `bindparam`s, compiled at first use; about three times as fast as through a Connection.

    Give every value by name; types convert as their columns say. `IN` takes a list that is fixed in the statement;
    `among` takes a list by name.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._sql: str | None = None
        self._fixed: dict[str, Any] = {}
        self._binders: dict[str, Callable[[Any], Any]] = {}
        self._readers: list[tuple[int, Callable[[Any], Any]]] = []
        self._row: Callable[..., Any] = tuple

    def fetch(self, driver: Any, parameters: Mapping[str, Any]) -> list[Row]:
        sql = self._sql or self._compile()
        return [self._read(row) for row in driver.execute(sql, self._bind(parameters))]

    def fetch_first(self, driver: Any, parameters: Mapping[str, Any]) -> Row | None:
        sql = self._sql or self._compile()
        row = driver.execute(sql, self._bind(parameters)).fetchone()
        return None if row is None else self._read(row)

    def run(self, driver: Any, parameters: Mapping[str, Any]) -> int:
        sql = self._sql or self._compile()
        count: int = driver.execute(sql, self._bind(parameters)).rowcount
        return count

    def insert(self, driver: Any, parameters: Mapping[str, Any]) -> int:
        sql = self._sql or self._compile()
        identity: int = driver.execute(sql, self._bind(parameters)).lastrowid
        return identity

    def run_many(self, driver: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        sql = self._sql or self._compile()
        driver.executemany(sql, [self._bind(row) for row in rows])

    def _bind(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        bound = {**self._fixed, **parameters}
        for name, bind in self._binders.items():
            if name in bound:
                bound[name] = bind(bound[name])
        return bound

    def _read(self, row: tuple[Any, ...]) -> Row:
        if self._readers:
            values = list(row)
            for index, read in self._readers:
                values[index] = read(values[index])
            return self._row(*values)
        return self._row(*row)

    def _compile(self) -> str:
        compiled: Any = self._statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        text = self._with_lists(str(compiled.string))
        self._binders = {
            name: processor
            for name, bind in compiled.binds.items()
            if (processor := _binder(bind.type)) is not None
        }
        columns = getattr(self._statement, "selected_columns", None)
        if columns is None:
            columns = getattr(self._statement, "_returning", ())
        named: list[Any] = list(columns or ())
        if named:
            self._row = self._row_of([column.key for column in named])
        self._readers = [
            (index, processor)
            for index, column in enumerate(named)
            if (processor := _reader(column.type)) is not None
        ]
        self._sql = text
        return text

    def _row_of(self, names: list[str]) -> Callable[..., Any]:
        made: Callable[..., Any] = namedtuple("Row", names, rename=True)  # type: ignore[misc]
        return made

    def _with_lists(self, text: str) -> str:
        """The text with each `IN` of a fixed list spelt out, its values by name."""
        for name, values in list(self._fixed.items()):
            place = f"__[POSTCOMPILE_{name}]"
            if place in text:
                names = [f"{name}__{index}" for index, _ in enumerate(values)]
                text = text.replace(place, ", ".join(f":{one}" for one in names))
                del self._fixed[name]
                self._fixed.update(zip(names, values, strict=True))
        return text


class Prepared(Compiled):
    """A statement whose rows nobody has written down: mypy takes any name for a column of theirs."""


class Typed(Compiled, Generic[R]):
    """A statement whose rows are of a NamedTuple, so that mypy knows their columns: `Typed(select(…), JobRow)`.

    The NamedTuple has the statement's columns in its order; the architecture tests compare each with its statement.
    """

    def __init__(self, statement: Executable, row: type[R]) -> None:
        super().__init__(statement)
        self.row = row

    def _row_of(self, names: list[str]) -> Callable[..., Any]:
        # A column that was added to a table is no reason to serve nobody: the test is who tells.
        if tuple(names) != getattr(self.row, "_fields", ()):
            return super()._row_of(names)
        return self.row


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Is the column's value one of the list that is given under `name`? One statement then stands for many."""
    listed = func.json_each(bindparam(name, type_=Json())).table_valued("value")
    return column.in_(select(listed.c.value))


def _binder(type_: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What turns a value into the database's; a type of ours is asked directly where its column needs nothing more."""
    if isinstance(type_, TypeDecorator) and type_.impl_instance.bind_processor(_DIALECT) is None:
        return functools.partial(type_.process_bind_param, dialect=_DIALECT)
    return type_.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _reader(type_: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """The same for what the database gives."""
    if isinstance(type_, TypeDecorator) and type_.impl_instance.result_processor(_DIALECT, None) is None:
        return functools.partial(type_.process_result_value, dialect=_DIALECT)
    return type_.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
