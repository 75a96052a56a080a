"""docs/differences.md has every deliberate difference, each with its evidence."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/differences.md").read_text()


def test_every_row_says_what_is_here_what_is_on_aws_and_how_that_is_known() -> None:
    rows = [line for line in PAGE.split("\n") if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]
    assert len(cells) > 40
    assert [row for row in cells if len(row) != 3 or not all(row)] == []


def test_what_source_and_decisions_call_a_deliberate_difference_is_on_the_page() -> None:
    source = ROOT / "src/batchyard"
    calling = [
        *(path.relative_to(source) for path in source.rglob("*.py") if _calls_itself_one(path)),
        *(
            path.relative_to(ROOT / "docs")
            for path in (ROOT / "docs/decisions").glob("*.md")
            if _calls_itself_one(path)
        ),
    ]
    assert len(calling) >= 4
    assert [str(path) for path in calling if str(path) not in PAGE] == []


def test_every_page_of_a_decision_that_is_named_is_there() -> None:
    named = re.findall(r"\(decisions/([^)#]+)", PAGE)
    assert [one for one in named if not (ROOT / "docs/decisions" / one).exists()] == []


def _calls_itself_one(path: Path) -> bool:
    text = " ".join(path.read_text().split()).lower()
    return "deliberate difference" in text or ("differences" in text and "deliberate" in text)
