"""String operators: equal, equal in any case, like a pattern; with policy variables."""

from __future__ import annotations

from collections.abc import Callable

from batchyard.policy.conditions.operator import Operator, Test
from batchyard.policy.match import Patterns
from batchyard.policy.wildcard import Context, Template, matcher


def _as_is(text: str) -> str:
    return text


def _equals(fold: Callable[[str], str]) -> Callable[[tuple[Template, ...]], Test]:
    def compile_values(values: tuple[Template, ...]) -> Test:
        constant = frozenset(fold(value.text({})) for value in values if value.is_constant)
        variable = tuple(value for value in values if not value.is_constant)
        if not variable:
            return lambda given, context: fold(given) in constant

        def test(given: str, context: Context) -> bool:
            folded = fold(given)
            return folded in constant or any(folded == fold(value.text(context)) for value in variable)

        return test

    return compile_values


def _like(values: tuple[Template, ...]) -> Test:
    constant = Patterns(value.resolve({}) for value in values if value.is_constant)
    variable = tuple(value for value in values if not value.is_constant)
    if not variable:
        return lambda given, context: constant.match(given)

    def test(given: str, context: Context) -> bool:
        return constant.match(given) or any(matcher(value.resolve(context))(given) for value in variable)

    return test


OPERATORS = (
    Operator("StringEquals", _equals(_as_is), variables=True),
    Operator("StringNotEquals", _equals(_as_is), negated=True, variables=True),
    Operator("StringEqualsIgnoreCase", _equals(str.lower), variables=True),
    Operator("StringNotEqualsIgnoreCase", _equals(str.lower), negated=True, variables=True),
    Operator("StringLike", _like, variables=True),
    Operator("StringNotLike", _like, negated=True, variables=True),
)
