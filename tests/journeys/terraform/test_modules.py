"""Each module in cases/: applied, planned again, imported, changed in place, replaced, destroyed; nothing is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from journeys.served import Served, served
from journeys.terraform.importing import NOT_IMPORTABLE, import_blocks
from journeys.terraform.left import left_in
from journeys.terraform.programs import Change, Terraform, mirror

CASES = Path(__file__).parent / "cases"
pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served("--ephemeral") as one:
        yield one


Make = Callable[[str], Terraform]


@pytest.fixture
def terraform(server: Served, tmp_path: Path, account: str) -> Make:
    """`terraform("first")`: a fresh working directory of this test's account."""
    source = mirror()
    environment = {**server.environment(key=account), "AWS_REGION": "us-east-1"}
    return lambda name: Terraform(tmp_path / name, environment, source)


def types(changes: list[Change], action: str) -> list[str]:
    """The types of resources for which an action was planned."""
    return sorted({one.kind for one in changes if one.action == action})


@pytest.mark.parametrize("case", [path.name for path in sorted(CASES.iterdir())])
def test_a_module_from_its_first_apply_to_nothing(
    case: str, terraform: Make, server: Served, account: str
) -> None:
    module = (CASES / case / "main.tf").read_text()
    expected: dict[str, list[str]] = json.loads((CASES / case / "expected.json").read_text())
    before = left_in(server.endpoint, account)

    first = terraform("first")
    first.begin(module)
    made = first.apply()
    assert types(made, "create") == expected["made"]
    assert first.is_settled()

    again = terraform("again")
    resources = first.resources()
    again.begin(module + import_blocks(resources))
    imported = again.apply()
    assert not [one for one in imported if one.action == "create" and one.kind not in NOT_IMPORTABLE]
    assert {one["address"] for one in resources} == {one["address"] for one in again.resources()}

    assert types(first.apply(step="changed"), "update") == expected["changed"]
    assert first.is_settled(step="changed")
    assert types(first.apply(step="replaced"), "replace") == expected["replaced"]
    assert first.is_settled(step="replaced")
    first.destroy(step="replaced")
    assert left_in(server.endpoint, account) == before


def test_every_type_that_is_made_is_changed_or_replaced() -> None:
    for case in sorted(CASES.iterdir()):
        expected: dict[str, Any] = json.loads((case / "expected.json").read_text())
        untouched = set(expected["made"]) - set(expected["changed"]) - set(expected["replaced"])
        assert untouched == set(expected["never changed"]), case.name
