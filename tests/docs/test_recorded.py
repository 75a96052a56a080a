"""Every recorded text and form of slr.md and iam-evaluation.md has a test that names its source and holds the text."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from recorded_page import facts, faults
from written_tests import WrittenTest, written_tests

SECTIONS = {f"slr.md {number}" for number in (1, 2, 3, 4, 5)} | {
    f"iam-evaluation.md {number}" for number in (5, 6, 7, 8)
}
"""Sections with something recorded; the others are of documentation and guesses."""


def test_every_test_of_a_fact_is_there_names_its_source_and_holds_its_texts() -> None:
    assert faults(facts(), written_tests()) == []


def test_every_fact_has_tests_or_says_why_not() -> None:
    table = facts()
    assert len({fact["id"] for fact in table}) == len(table) >= 81
    assert {fact["source"] for fact in table} == SECTIONS
    assert [fact["id"] for fact in table if bool(fact.get("tests")) == bool(fact.get("about"))] == []
    assert sum("about" in fact for fact in table) <= 14


def test_what_is_wrong_with_a_fact_is_told() -> None:
    test = WrittenTest("tests/test_x.py::test_x", "slr.md 2: what for.", "", ("a role named … is taken",))
    good = {"id": "1", "source": "slr.md 2", "recorded": "SNAP", "tests": [test.place]}
    tests = {test.place: test}

    def told(**changed: object) -> list[str]:
        return [fault.split(" ", 1)[1] for fault in faults([{**good, **changed}], tests)]

    assert told() == told(texts=["role named"]) == told(texts=["a role … taken"]) == []
    assert told(tests=["tests/test_x.py::test_y"]) == ["there is no test tests/test_x.py::test_y"]
    assert told(source="slr.md 3") == [f"{test.place} does not name slr.md 3"]
    assert told(texts=["role called"]) == [f"{test.place} does not hold 'role called'"]
