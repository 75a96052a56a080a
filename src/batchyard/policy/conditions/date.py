"""Date operators: ISO 8601 (W3C's profile) or seconds since 1970."""

from __future__ import annotations

import operator
import re

from batchyard.policy.conditions.operator import Operator, ordered

_ISO = re.compile(
    r"(?P<year>-?[0-9]{1,9})(?:-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?"
    r"(?:[tT](?:(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{1,2})"
    r"(?::(?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,9}))?)?)?"
    r"(?P<zone>[zZ]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?",
    re.ASCII,
)
_SECONDS = re.compile(r"[0-9]{1,19}", re.ASCII)
_LAST_SECOND = 2**63 - 1
_YEARS = (-292275054, 292278993)
"""The range that IAM accepts (recorded: moto's cases for CreatePolicy, taken from AWS)."""
_NANOSECONDS = 10**9


def to_instant(text: str) -> int | None:
    """Nanoseconds since 1970, or None where the text is no date. Digits alone are seconds; without a zone: UTC.

    As loose as IAM is recorded to be: `2016-12-13t2:00`, `01T` (the year 1) and far years are dates.
    """
    if _SECONDS.fullmatch(text):
        seconds = int(text)
        return seconds * _NANOSECONDS if seconds <= _LAST_SECOND else None
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(found[name] or 1) for name in ("year", "month", "day"))
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    offset = _offset_seconds(found["zone"])
    if not (_YEARS[0] <= year <= _YEARS[1] and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    if hour > 23 or minute > 59 or second > 59 or offset is None:
        return None
    days = _days_before(year, month) + day - 1
    seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
    return seconds * _NANOSECONDS + int((found["fraction"] or "0").ljust(9, "0"))


def _offset_seconds(zone: str | None) -> int | None:
    if zone is None or zone in "zZ":
        return 0
    hours = int(zone[1:3])
    minutes = int(zone[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        return None
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def _days_before(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first of the month, in the Gregorian calendar of all years."""
    # Counting years from March puts the leap day last, so the lengths of months follow one formula.
    shifted = year - (month <= 2)
    era_days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400
    return era_days + (153 * ((month + 9) % 12) + 2) // 5 - 719468


def _is_date(text: str) -> bool:
    return to_instant(text) is not None


_equals = ordered(to_instant, operator.eq)

OPERATORS = (
    Operator("DateEquals", _equals, is_value=_is_date),
    Operator("DateNotEquals", _equals, negated=True, is_value=_is_date),
    Operator("DateLessThan", ordered(to_instant, operator.lt), is_value=_is_date),
    Operator("DateLessThanEquals", ordered(to_instant, operator.le), is_value=_is_date),
    Operator("DateGreaterThan", ordered(to_instant, operator.gt), is_value=_is_date),
    Operator("DateGreaterThanEquals", ordered(to_instant, operator.ge), is_value=_is_date),
)
