"""Each decision has a number of its own, which its title tells."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

DECISIONS = sorted((Path(__file__).parents[2] / "docs" / "decisions").glob("*.md"))


def test_numbers_are_given_once() -> None:
    numbers = Counter(path.name[:4] for path in DECISIONS)
    assert [number for number, count in numbers.items() if count > 1] == []


def test_a_title_tells_the_number() -> None:
    wrong = [path.name for path in DECISIONS if not path.read_text().startswith(f"# {path.name[:4]}")]
    assert wrong == []
