"""The Null operator: is the key absent (`true`) or present (`false`)?"""

from __future__ import annotations

from batchyard.policy.conditions.boolean import to_boolean
from batchyard.policy.conditions.operator import Operator, Test
from batchyard.policy.wildcard import Context, Template


def _compile(values: tuple[Template, ...]) -> Test:
    """Tests the words `true` (absent) and `false` (present), which the clause puts in for the request's values."""
    wanted = frozenset(flag for value in values if (flag := to_boolean(value.source)) is not None)

    def test(given: str, context: Context) -> bool:
        return to_boolean(given) in wanted

    return test


def _is_boolean(text: str) -> bool:
    return to_boolean(text) is not None


OPERATORS = (Operator("Null", _compile, if_exists=False, is_value=_is_boolean),)
