"""consumableResourceProperties: what a job definition or a submission says that a job needs.

Texts are guesses. That there are at most five: Batch user guide, "Specify the resources needed to run a job".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import consumable_resource

MOST_RESOURCES = 5
LARGEST_QUANTITY = 2**53
NAMED = "consumableResourceList.consumableResource"
"""Where in consumableResourceProperties the resources are named."""


def checked(ctx: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as they are kept; raises ClientException for what Batch refuses, a missing resource included."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    listed = given.get("consumableResourceList") or ()
    if len(listed) > MOST_RESOURCES:
        raise refusal(ctx, f"A job can have at most {MOST_RESOURCES} consumable resources")
    for one in listed:
        name, quantity = one.get("consumableResource"), one.get("quantity")
        if not name:
            raise refusal(ctx, "consumableResource should not be null or empty")
        if quantity is None or not 1 <= quantity <= LARGEST_QUANTITY:
            raise refusal(ctx, f"The quantity of consumable resource {name} must be at least 1")
        row = consumable_resource.require(ctx, name)
        if row.id in seen:
            raise refusal(ctx, f"Consumable resource {name} must be given only once")
        seen.add(row.id)
        found.append({"consumableResource": name, "quantity": quantity})
    return {"consumableResourceList": found}


def overridden(ctx: Context, body: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a job needs: the definition's, with the submission's quantities and further resources, if anything.

    That an override may name a resource that the definition does not: by analogy with resourceRequirements [guess].
    """
    defined = body.get("consumableResourceProperties")
    given = request.get("consumableResourcePropertiesOverride")
    if given is None:
        return dict(defined) if defined else None
    checked(ctx, given)
    by_name: dict[str, dict[str, Any]] = {}
    for one in (*(defined or {}).get("consumableResourceList", ()), *given.get("consumableResourceList", ())):
        arn = consumable_resource.meant_arn(ctx, one["consumableResource"])
        by_name[arn] = {**one, "consumableResource": by_name.get(arn, one)["consumableResource"]}
    return checked(ctx, {"consumableResourceList": list(by_name.values())})


def amounts(ctx: Context, properties: Mapping[str, Any] | None) -> list[tuple[int, int]] | None:
    """The same by the resources' ids, None for nothing; raises ClientException where a resource went meanwhile."""
    if not properties or not properties["consumableResourceList"]:
        return None
    return [
        (consumable_resource.require(ctx, one["consumableResource"]).id, one["quantity"])
        for one in properties["consumableResourceList"]
    ]
