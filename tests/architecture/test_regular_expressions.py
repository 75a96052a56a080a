"""No regular expression of ours takes a time that grows faster than its text: nested repetition is looked at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

SOURCES = Path(__file__).parents[2] / "src"
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_FEW = 10
"""A repetition of so many at most multiplies, and does not explode."""

LOOKED_AT = {
    # A dot parts what is repeated, and is no part of it: there is one way to match.
    r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+",
    r"(?:[A-Za-z0-9_-]+\.)+(?:amazonaws\.(?:com|com\.cn|eu)|amazon\.com|c2s\.ic\.gov|sc2s\.sgov\.gov"
    r"|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)",
}
COMPUTED = {
    "data/actions.py",  # of AWS's own lists of actions
    "services/iam/simulation/policy_exclusions.py",  # a sign is one repetition, and none is inside another
    "wire/patterns.py",  # the models' own patterns
    "wire/uri.py",  # the models' own paths
}
"""Where the pattern is made at run time, and of what."""


def _is_nested(parsed: Any, *, inside: bool = False) -> bool:
    """Whether a repetition without a narrow bound stands inside another one."""
    for kind, detail in parsed:
        many = kind in _REPEATS and detail[1] > _FEW and detail[1] != detail[0]
        if many and inside:
            return True
        if any(_is_nested(part, inside=inside or many) for part in _parts(detail)):
            return True
    return False


def _parts(detail: Any) -> Iterator[Any]:
    if isinstance(detail, _parser.SubPattern):
        yield detail
    elif isinstance(detail, (list, tuple)):
        for one in detail:
            yield from _parts(one)


def _patterns() -> Iterator[tuple[str, str | None]]:
    """Where the module `re` is given a pattern, and the pattern; None where it is made at run time."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if ast.unparse(node.func.value) != "re" or node.func.attr == "escape":
                continue
            given = node.args[0]
            place = str(path.relative_to(SOURCES / "batchyard"))
            text = given.value if isinstance(given, ast.Constant) else None
            yield place, text if isinstance(text, str) else None


def test_nested_repetitions_were_looked_at() -> None:
    found = {text for _, text in _patterns() if text is not None and _is_nested(_parser.parse(text))}
    assert found == LOOKED_AT


def test_patterns_made_at_run_time_were_looked_at() -> None:
    assert {place for place, text in _patterns() if text is None} == COMPUTED


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:a|b*)*c", "((x{1,20}y?)*)", "(?:(?:ab)+?){2,}"])
def test_a_nested_repetition_is_seen(pattern: str) -> None:
    assert _is_nested(_parser.parse(pattern))


@pytest.mark.parametrize("pattern", ["a+b*", "(?:ab)+", "(?:a{3})+", "[a-z]+(?:b|c)?"])
def test_a_single_repetition_is_not(pattern: str) -> None:
    assert not _is_nested(_parser.parse(pattern))
