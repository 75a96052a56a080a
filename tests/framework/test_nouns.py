"""Nouns: what each asks of the database, what its ARNs mean, and that tag operations are made of them."""

from __future__ import annotations

import gc
import re
from typing import Any

import pytest

from batchyard.framework.noun import Noun
from batchyard.framework.rows import Rows
from batchyard.services import load_services

SERVICES = load_services()
NOUNS: list[Noun[Any]] = sorted((one for one in gc.get_objects() if isinstance(one, Noun)), key=repr)

HAND_WRITTEN: dict[str, str] = {
    "autoscaling": "each tag names its group, and says whether instances get it",
    "ec2": "several resources of any kind in one call; tags are rows of their own",
}
"""The services whose tag operations are their own, with what is different in them."""


@pytest.mark.parametrize("noun", NOUNS, ids=repr)
def test_an_index_answers_what_a_noun_asks(app: Any, noun: Noun[Any]) -> None:
    for statement in noun.source.statements if isinstance(noun.source, Rows) else ():
        sql = statement._sql or statement._compile()
        with app.store.read() as tx:
            given = dict.fromkeys(re.findall(r":(\w+)", sql))
            steps = [row[-1] for row in tx._driver.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
        assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps


@pytest.mark.parametrize("noun", NOUNS, ids=repr)
def test_an_arn_tells_its_kind_to_one_noun_alone(noun: Noun[Any]) -> None:
    arn = noun.arn(_Here(), "one")
    assert noun.is_of(arn)
    assert [one for one in NOUNS if one.is_of(arn)] == [noun]
    assert not noun.is_of("arn:aws:else:us-east-1:111122223333:" + arn.split(":", 5)[5])
    assert not noun.is_of("one")


def test_no_tag_operation_differs_from_others_in_names_alone() -> None:
    named = re.compile(r"(un)?tag_\w+|list_\w*tags\w*|(create|create_or_update|delete|describe)_tags")
    written = {
        service.name
        for service in SERVICES.values()
        for name, entry in service.operations.items()
        if named.fullmatch(name) and _module(entry.function) != "batchyard.framework.tag_operations"
    }
    assert written == HAND_WRITTEN.keys()


def _module(function: Any) -> str:
    return str(getattr(function, "__wrapped__", function).__module__)


class _Here:
    account = "111122223333"
    partition = "aws"
    region = "us-east-1"
