"""Which services and actions identity policies allow: what Access Advisor lists (slr.md 6)."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from batchyard.data.service_names import names
from batchyard.policy.document import Policy, Statement


def granted_services(policies: Iterable[Policy]) -> list[str]:
    """The namespaces of the services that these identity policies together allow, sorted.

    Only what Allow statements say counts: denials, conditions, boundaries and organizations do not
    (IAM user guide, Access Advisor).
    """
    granted: set[str] = set()
    for policy in policies:
        granted |= _of_policy(policy)
    return sorted(granted)


def granted_actions(policies: Iterable[Policy], actions: Iterable[str]) -> list[str]:
    """Those of the actions (`batch:SubmitJob`) that these identity policies together allow, in their order."""
    allowing = [statement for policy in policies for statement in _allowing(policy)]
    return [action for action in actions if any(one.matches_action(action.lower()) for one in allowing)]


@functools.lru_cache(maxsize=2048)
def _of_policy(policy: Policy) -> frozenset[str]:
    return frozenset().union(*(_of_statement(statement) for statement in _allowing(policy)))


def _allowing(policy: Policy) -> list[Statement]:
    return [statement for statement in policy.statements if statement.effect == "Allow"]


def _of_statement(statement: Statement) -> set[str]:
    actions = statement.elements.actions or ()
    if statement.elements.not_action:
        excluded = {action[:-2].lower() for action in actions if action.endswith(":*")}
        return set() if "*" in actions else set(names()) - excluded
    found: set[str] = set()
    for action in actions:
        namespace = action.partition(":")[0].lower()
        found |= set(names()) if namespace == "*" else {namespace} & set(names())
    return found
