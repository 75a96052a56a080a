"""The Bool operator: `true` or `false`, in any case."""

from __future__ import annotations

from batchyard.policy.conditions.operator import Operator, Test
from batchyard.policy.wildcard import Context, Template


def to_boolean(text: str) -> bool | None:
    """True or False, or None where the text is neither."""
    return {"true": True, "false": False}.get(text.lower())


def _compile(values: tuple[Template, ...]) -> Test:
    def test(given: str, context: Context) -> bool:
        flag = to_boolean(given)
        return flag is not None and any(to_boolean(value.text(context)) is flag for value in values)

    if all(value.is_constant for value in values):
        wanted = frozenset(flag for value in values if (flag := to_boolean(value.text({}))) is not None)
        return lambda given, context: to_boolean(given) in wanted
    return test


OPERATORS = (Operator("Bool", _compile, variables=True),)
"""With variables: the guide's page on operators allows them, its page on variables does not."""
