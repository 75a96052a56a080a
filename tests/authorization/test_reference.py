"""What every operation asks the policies, beside AWS's service authorization reference."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from authorization import reference
from authorization.checks import SERVICES, Asked, asked, built
from authorization.full_requests import full_request
from authorization.seeds import plant
from batchyard.app import App

HERE = Path(__file__).parent
LISTED = json.loads((HERE / "differences.json").read_text())


def _requests(service: str, operation: str, action: str, account: str, seeds: Any) -> Iterator[Any]:
    """The rows of the operation, and a full request for each type of resource that it may be about."""
    for row in json.loads((HERE / "cases" / f"{service}.json").read_text()):
        if row["operation"] == operation:
            yield json.loads(json.dumps(row["request"]).replace("{account}", account))
    for arn in reference.example_arns(action, account) or [""]:
        yield full_request(service, operation, account, arn, seeds)


def _differences(action: str, everything: Iterable[Asked], not_here: set[str]) -> Iterator[str]:
    """How the checks of one operation differ from the reference's entry for its action."""
    by_action = defaultdict(list)
    for one in everything:
        by_action[one.action].append(one)
    if not by_action:
        yield "checks nothing"
        return
    for name, checks in by_action.items():
        if reference.find(name) is None:
            yield f"checks {name}, which is not there"
        for one in checks:
            if one.resource != "*" and not reference.types_of(name, one.resource):
                yield f"checks {name} on another resource than the reference's"
    found = reference.find(action)
    if found is None or action not in by_action:
        return
    seen = {one for check in by_action[action] for one in reference.types_of(action, check.resource)}
    known = {key for check in by_action[action] for key in check.keys}
    types = found.types - not_here
    yield from (f"does not check the type {one}" for one in reference.missing(types, seen))
    yield from (f"does not supply {one}" for one in reference.missing(found.keys_of(types), known))
    yield from (f"does not check {one}" for one in reference.missing(found.dependent, by_action))


def _listed(service: str) -> dict[str, str]:
    """(operation: difference) → reason."""
    return {
        f"{operation}: {difference}": group["reason"]
        for group in LISTED["differences"].get(service, ())
        for difference, operations in group["of"].items()
        for operation in operations
    }


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_difference_stands_in_the_list_and_every_line_of_it_is_one(
    service: str, app: App, account: str
) -> None:
    """To mend one is to take its line out; a new one has to be mended, or to have a reason that a user would take."""
    seeds = plant(app, account)
    not_here = set(LISTED["types that are not here"].get(service, ()))
    found: set[str] = set()
    checked: set[str] = set()
    for operation, name in built(service).items():
        action = SERVICES[service].operations[name].action or f"{SERVICES[service].prefix}:{operation}"
        everything = [
            one
            for request in _requests(service, operation, action, account, seeds)
            for one in asked(app, account, service, operation, request)
        ]
        for one in everything:
            checked |= reference.types_of(one.action, one.resource)
        found.update(f"{operation}: {one}" for one in _differences(action, everything, not_here))
    listed = _listed(service)
    assert sorted(found - set(listed)) == [], "differs from the reference; mend it, or give a reason"
    assert sorted(set(listed) - found) == [], "no longer differs; take it off the list"
    assert sorted(not_here & checked) == [], "is here; take it off the list"
    assert all(len(reason) > 20 for reason in listed.values())
