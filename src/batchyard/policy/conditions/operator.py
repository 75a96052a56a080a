"""What a family of condition operators gives: tests of one request value against the values of a policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from batchyard.policy.wildcard import Context, Template

T = TypeVar("T")

Test = Callable[[str, Context], bool]
"""Whether one request value matches at least one of the policy's values."""

Compile = Callable[[tuple[Template, ...]], Test]


@dataclass(frozen=True, slots=True)
class Operator:
    """One condition operator.

    `compile` makes the *positive* test of its values; a `negated` operator is its opposite. `is_value` says
    which values a document may give; `variables`: whether they may hold policy variables.
    """

    name: str
    compile: Compile
    negated: bool = False
    variables: bool = False
    is_value: Callable[[str], bool] = lambda value: True
    if_exists: bool = True
    """`…IfExists` exists: for all but Null."""


def ordered(convert: Callable[[str], T | None], compare: Callable[[T, T], bool]) -> Compile:
    """Compile for operators that compare converted values; what converts to None matches nothing."""

    def compile_values(values: tuple[Template, ...]) -> Test:
        wanted = [item for value in values if (item := convert(value.source)) is not None]

        def test(given: str, context: Context) -> bool:
            item = convert(given)
            return item is not None and any(compare(item, value) for value in wanted)

        return test

    return compile_values
