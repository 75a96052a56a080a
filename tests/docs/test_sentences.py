"""Every sentence of AWS's page on Batch's service-linked role that is about API, CLI or console is quoted by a test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from sentences_page import digest, inventory, quotations, quoted_sentences


@pytest.fixture(scope="module")
def quoted() -> set[str]:
    return set(quoted_sentences())


@pytest.mark.parametrize(("subject", "least"), [("api", 65), ("console", 24)])
def test_every_sentence_has_a_test(quoted: set[str], subject: str, least: int) -> None:
    wanted = [entry for entry in inventory() if entry["subject"] == subject]
    without = [f"{entry['section']}: {entry['digest']}" for entry in wanted if entry["digest"] not in quoted]
    assert without == []
    assert len(wanted) >= least


def test_every_quotation_is_a_sentence_of_the_page(quoted: set[str]) -> None:
    known = {entry["digest"] for entry in inventory()}
    assert [one.words for found, one in quoted_sentences().items() if found not in known] == []


def test_what_has_no_test_says_what_it_is_about() -> None:
    subjects = {entry["subject"] for entry in inventory()}
    assert subjects == {"advice", "api", "console", "history", "link"}
    assert all(entry.get("about") for entry in inventory() if entry["subject"] != "api")


def test_a_quotation_may_go_over_lines() -> None:
    text = "What is tested.\n\n    > One sentence\n      over two lines.\n    > Another’s.\n    "
    assert quotations(text) == ["One sentence over two lines.", "Another's."]
    assert digest("Another’s.") == digest(" Another's. ")
