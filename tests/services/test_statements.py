"""statements.json against the policies themselves, and against the tests that take statements away."""

from __future__ import annotations

import importlib
import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from batchyard.data import managed_policies
from services.lacking import COVERED
from services.statement_table import ROLES, Role

HERE = Path(__file__).parent
UNUSED_BY_BATCH = {3, 9, 18, 19}
"""Output, which is put as the tasks' own roles (decision 0023); launch configurations; capacity providers.

May lose numbers, and never gain one."""
roles = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.policy)


def statements_of(role: Role) -> list[Any]:
    found = managed_policies.find(role.policy_arn)
    assert found is not None
    statements: list[Any] = json.loads(found.document)["Statement"]
    return statements


@roles
def test_every_statement_is_used_or_told_to_be_unused(role: Role) -> None:
    numbers = set(range(1, len(statements_of(role)) + 1))
    assert role.actions.keys() | role.unused == numbers
    assert not role.actions.keys() & role.unused


def test_no_more_statements_are_unused_by_batch() -> None:
    assert next(one.unused for one in ROLES if one.name == "AWSServiceRoleForBatch") <= UNUSED_BY_BATCH


@roles
def test_every_used_action_stands_in_its_statement(role: Role) -> None:
    for number, actions in role.actions.items():
        given = statements_of(role)[number - 1]["Action"]
        listed = [given] if isinstance(given, str) else given
        for action in actions:
            assert any(fnmatchcase(action, one) for one in listed), (number, action)


@roles
def test_every_used_statement_is_taken_away_by_some_test(role: Role) -> None:
    """Whoever adds a step to statements.json adds a test with `removes` for what is seen without it."""
    for path in HERE.glob("*/**/test_*.py"):
        if "removes(" in path.read_text():
            importlib.import_module(".".join(("services", *path.relative_to(HERE).with_suffix("").parts)))
    covered = {(number, action) for policy, number, action in COVERED if policy == role.policy}
    assert covered == role.removals
    assert {number for number, _ in covered} == role.actions.keys()
