"""What source, tests and docs cite as evidence is there: the page, and the section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "docs" / "evidence"
PAGES = sorted(path.name for path in EVIDENCE.glob("*.md"))
CITATION = re.compile(rf"\b({'|'.join(map(re.escape, PAGES))})(?: (?:section )?(\d+))?")
ELSEWHERE = re.compile(r"\bDESIGN\.md\b|\b(?:batch-api|clients|consoles|users-ask)\.md\b")
"""Papers that are not part of this project."""

CITING = [
    path
    for folder in ("src", "tests", "campaigns", "docs", "scripts", "benchmarks", "demo")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".md", ".json") and path != Path(__file__)
]


def _sections(page: str) -> set[str]:
    return set(re.findall(r"^## (\d+)\. ", (EVIDENCE / page).read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_every_citation_leads_to_a_section(page: str) -> None:
    there = _sections(page)
    missing = {
        f"{path.relative_to(ROOT)}: {name} {section}"
        for path in CITING
        for name, section in CITATION.findall(path.read_text())
        if name == page and section and section.lstrip("0") not in there
    }
    assert missing == set()


def test_the_evidence_is_cited() -> None:
    cited = {
        name for path in CITING if path.parent != EVIDENCE for name, _ in CITATION.findall(path.read_text())
    }
    assert sorted(set(PAGES) - cited - {"index.md"}) == []


def test_nothing_cites_what_readers_do_not_have() -> None:
    citing = {str(path.relative_to(ROOT)) for path in CITING if ELSEWHERE.search(path.read_text())}
    assert citing == set()
