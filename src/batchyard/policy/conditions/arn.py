"""ARN operators: six segments, each matched for itself; Equals and Like act alike."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from batchyard.policy.conditions.operator import Operator, Test
from batchyard.policy.wildcard import Context, Resolved, Template, Wild, matcher

_SEGMENTS = 6
_VARIABLE = re.compile(r"\$\{[^{}]*\}")


@functools.lru_cache(maxsize=4096)
def arn_matcher(pattern: Resolved) -> Callable[[str], bool]:
    """A test for ARNs: `*` stays within its segment; the last segment holds what is left, colons too."""
    segments = _segments(pattern)
    if len(segments) != _SEGMENTS:
        return lambda given: False
    tests = [matcher(segment) for segment in segments]

    def test(given: str) -> bool:
        parts = given.split(":", _SEGMENTS - 1)
        return len(parts) == _SEGMENTS and all(fits(part) for fits, part in zip(tests, parts, strict=True))

    return test


def _segments(pattern: Resolved) -> list[Resolved]:
    segments: list[list[str | Wild]] = [[]]
    for token in pattern:
        if isinstance(token, Wild):
            segments[-1].append(token)
            continue
        head, *rest = token.split(":", _SEGMENTS - len(segments))
        if head:
            segments[-1].append(head)
        segments.extend([part] if part else [] for part in rest)
    return [tuple(segment) for segment in segments]


def _compile(values: tuple[Template, ...]) -> Test:
    constant = [arn_matcher(value.resolve({})) for value in values if value.is_constant]
    variable = tuple(value for value in values if not value.is_constant)

    def test(given: str, context: Context) -> bool:
        return any(fits(given) for fits in constant) or any(
            arn_matcher(value.resolve(context))(given) for value in variable
        )

    return test


def _is_pattern(text: str) -> bool:
    """Six segments as they are written, or `*` alone (probed; `nope`, `arn:aws:s3:b`, a variable alone are refused)."""
    segments = _VARIABLE.sub("", text).split(":")
    return text == "*" or (len(segments) >= _SEGMENTS and segments[0] in ("arn", "*"))


OPERATORS = (
    Operator("ArnEquals", _compile, variables=True, is_value=_is_pattern),
    Operator("ArnLike", _compile, variables=True, is_value=_is_pattern),
    Operator("ArnNotEquals", _compile, negated=True, variables=True, is_value=_is_pattern),
    Operator("ArnNotLike", _compile, negated=True, variables=True, is_value=_is_pattern),
)
