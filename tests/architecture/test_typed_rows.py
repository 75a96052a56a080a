"""A NamedTuple of rows has the columns of the statements that give it, in their order and of their types."""

from __future__ import annotations

import gc
from typing import Any, get_type_hints

import pytest
from sqlalchemy import BigInteger, Boolean, Float, Integer, Text

from batchyard.services import load_services
from batchyard.store.prepared import Typed
from batchyard.store.types import Json, UtcTime

load_services()
STATEMENTS: list[Typed[Any]] = sorted(
    (one for one in gc.get_objects() if isinstance(one, Typed)),
    key=lambda one: (one.row.__name__, one._compile()),
)
PYTHONS = {
    BigInteger: "int",
    Boolean: "bool",
    Float: "float",
    Integer: "int",
    Text: "str",
    UtcTime: "datetime",
}


def test_there_are_some() -> None:
    assert {"JobRow", "ArrayRow", "TaskRow", "WorkRow"} <= {one.row.__name__ for one in STATEMENTS}


@pytest.mark.parametrize("number", range(len(STATEMENTS)), ids=lambda number: STATEMENTS[number].row.__name__)
def test_a_row_is_what_its_statement_gives(number: int) -> None:
    """Where this fails, give the NamedTuple the table's new column, at its place and of its type."""
    statement = STATEMENTS[number]
    given: Any = statement._statement
    columns = list(getattr(given, "selected_columns", None) or given._returning)
    written = {name: _name(hint) for name, hint in get_type_hints(statement.row).items()}
    assert list(written.items()) == [(column.key, _type_of(column)) for column in columns]


def _name(hint: Any) -> str:
    return "Any" if hint is Any else getattr(hint, "__name__", "") if isinstance(hint, type) else _union(hint)


def _union(hint: Any) -> str:
    return " | ".join("None" if one is type(None) else one.__name__ for one in hint.__args__)


def _type_of(column: Any) -> str:
    if isinstance(column.type, Json):
        return "Any"
    name = PYTHONS[type(column.type)]
    return f"{name} | None" if getattr(column, "nullable", False) and not column.primary_key else name
