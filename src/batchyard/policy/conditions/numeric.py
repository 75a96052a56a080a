"""Numeric operators: integers and decimal fractions, compared exactly."""

from __future__ import annotations

import operator
import re
from decimal import Decimal

from batchyard.policy.conditions.operator import Operator, ordered

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


def to_number(text: str) -> Decimal | None:
    """The number, or None where the text is none. `1e3` is one (probed); longer exponents are not [guess]."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _is_number(text: str) -> bool:
    return to_number(text) is not None


_equals = ordered(to_number, operator.eq)

OPERATORS = (
    Operator("NumericEquals", _equals, is_value=_is_number),
    Operator("NumericNotEquals", _equals, negated=True, is_value=_is_number),
    Operator("NumericLessThan", ordered(to_number, operator.lt), is_value=_is_number),
    Operator("NumericLessThanEquals", ordered(to_number, operator.le), is_value=_is_number),
    Operator("NumericGreaterThan", ordered(to_number, operator.gt), is_value=_is_number),
    Operator("NumericGreaterThanEquals", ordered(to_number, operator.ge), is_value=_is_number),
)
