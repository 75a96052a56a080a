"""Column types that mean the same in every database: JSON, UTC time; and the system's one `metadata`."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, MetaData, Text, TypeDecorator

from batchyard.clock import from_microseconds, microseconds

metadata = MetaData()
"""Every table of the system. A table that belongs to an account has a column `account`: reset deletes by it."""


SEALED = "sealed"
"""A column whose `info` has it holds text that is sealed for that purpose; of a Json column, the members `sealed`.

What is not marked so does not survive a change of the key file.
"""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds since 1970: it sorts and compares as a number."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else from_microseconds(value)


class Json(TypeDecorator[Any]):
    """Any JSON value, kept as text; None is SQL's NULL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else encode(value)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        return None if value is None else orjson.loads(value)


def encode(value: Any) -> str:
    """JSON text of a value; datetimes become ISO 8601 text and bytes their length."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"cannot be kept as JSON: {type(value)}")
