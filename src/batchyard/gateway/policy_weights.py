"""What it costs to ask a principal's policies, counted where they are many and long (docs/decisions/0026)."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.framework.ports import PrincipalPolicies
from batchyard.policy.weight import Weight

_LIGHT_CHARACTERS = 16 * 1024
"""Policies no longer than this cost less than a call's other work, whatever they hold."""

_WITHOUT_TRACE = 0.25
"""An evaluation without its trace, beside an evaluation with it."""


def weigh(ctx: Context, found: PrincipalPolicies, action: str, resource: str) -> None:
    """Count one evaluation."""
    if found.characters <= _LIGHT_CHARACTERS:
        return
    lowered = action.lower()
    weight = found.weights.get(lowered)
    if weight is None:
        weight = Weight()
        for source in (*found.identity, *((found.boundary,) if found.boundary else ())):
            for statements in source.policy.relevant(lowered):
                weight.add(statements)
        found.weights[lowered] = weight
    origin = ctx.call.origin
    longest = {"aws:useragent": origin.user_agent, "aws:referer": origin.referer or ""}
    ctx.effort.spend(_WITHOUT_TRACE * weight.evaluating(len(resource), longest, usual=_USUAL_LENGTH))


_USUAL_LENGTH = 256
"""The longest value of any other condition key: a tag's."""
