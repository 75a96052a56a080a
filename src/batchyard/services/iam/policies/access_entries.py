"""What an Access Advisor report says of each service: its newest use, and that of its tracked actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from batchyard.audit.last_access import LastAccess, LastAction, list_last_accesses, list_last_actions
from batchyard.data.service_names import names
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.policy.document import Policy
from batchyard.services.iam.policies.granted_services import granted_actions, granted_services
from batchyard.store.prepared import Row
from batchyard.wire import model as wire_model

TRACKED = timedelta(days=400)
UNTRACKED = frozenset(["iam:PassRole"])
"""Permissions that are no calls (slr.md 6)."""


@dataclass(frozen=True, slots=True)
class ReportEntity:
    """A user or role whose calls count in a report."""

    noun: Noun[Row]
    row: Row

    def kept(self) -> dict[str, str]:
        """EntityInfo, as the report keeps it: the entity may be gone when it is read."""
        return {
            "Arn": self.noun.arn_of(self.row),
            "Name": self.row.name,
            "Type": self.noun.kind.upper(),
            "Id": self.row.id,
            "Path": self.row.path,
        }


def service_entries(
    ctx: Context, policies: Sequence[Policy], entities: Iterable[ReportEntity], *, with_actions: bool
) -> list[dict[str, Any]]:
    """One entry for each service that the policies allow, by namespace; those never used come without dates.

    `uses` tells when each entity last used the service, by its unique id; `actions` the newest use of each tracked
    action that the policies allow, where any of them was used (botocore, TrackedActionsLastAccessed).
    """
    uses: dict[str, list[LastAccess]] = {}
    actions: dict[str, list[LastAction]] = {}
    for entity in entities:
        place = {"account": ctx.account, "partition": ctx.partition, "principal_id": entity.row.id}
        for access in list_last_accesses(ctx.read, **place):
            if access.at >= ctx.now - TRACKED:
                uses.setdefault(access.service, []).append(access)
        for action in list_last_actions(ctx.read, **place) if with_actions else ():
            if action.at >= ctx.now - TRACKED:
                actions.setdefault(f"{action.service}:{action.action}", []).append(action)
    entries = []
    for namespace in granted_services(policies):
        entry = _service(namespace, uses.get(namespace, []))
        tracked = _actions(ctx, policies, namespace, actions) if with_actions else []
        entries.append(entry | ({"actions": tracked} if tracked else {}))
    return entries


def _service(namespace: str, uses: list[LastAccess]) -> dict[str, Any]:
    newest_of: dict[str, str] = {}
    for use in sorted(uses, key=lambda use: use.at):
        newest_of[use.principal_id] = _second(use)
    entry: dict[str, Any] = {
        "ServiceName": names()[namespace],
        "ServiceNamespace": namespace,
        "TotalAuthenticatedEntities": len(newest_of),
        "uses": newest_of,
    }
    if uses:
        newest = max(uses, key=lambda use: use.at)
        entry["LastAuthenticated"] = _second(newest)
        entry["LastAuthenticatedEntity"] = newest.principal_arn
        entry["LastAuthenticatedRegion"] = newest.region
    return entry


def _actions(
    ctx: Context, policies: Sequence[Policy], namespace: str, used: dict[str, list[LastAction]]
) -> list[dict[str, Any]]:
    if not any(action.startswith(f"{namespace}:") for action in used):
        return []
    tracked = [action for action in _tracked(ctx, namespace) if action not in UNTRACKED]
    granted = granted_actions(policies, tracked)
    if not any(action in used for action in granted):
        return []
    return [_action(action, used.get(action, [])) for action in granted]


def _action(action: str, uses: list[LastAction]) -> dict[str, Any]:
    entry: dict[str, Any] = {"ActionName": action.partition(":")[2]}
    if uses:
        newest = max(uses, key=lambda use: use.at)
        entry["LastAccessedEntity"] = newest.principal_arn
        entry["LastAccessedTime"] = _second(newest)
        entry["LastAccessedRegion"] = newest.region
    return entry


def _tracked(ctx: Context, namespace: str) -> list[str]:
    """The actions of the operations that are here, sorted: what is not here cannot have been called."""
    found = set()
    for service in ctx.runtime.services.values():
        if service.prefix != namespace:
            continue
        model = wire_model.load(service.name)
        for entry in service.operations.values():
            operation = model.by_snake_name(entry.name)
            if operation is not None:
                found.add(entry.action or f"{namespace}:{operation.name}")
    return sorted(found)


def _second(use: LastAccess | LastAction) -> str:
    return use.at.replace(microsecond=0).isoformat()
