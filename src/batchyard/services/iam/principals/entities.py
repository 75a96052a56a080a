"""Users, groups and roles by ARN: what simulations and Access Advisor are asked about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun
from batchyard.framework.place import place
from batchyard.services.iam.nouns import BY_KIND, GROUP, ROLE, USER
from batchyard.services.iam.service import iam
from batchyard.store.prepared import Row

Entity = tuple[Noun[Row], Row]
"""What an ARN names, with its kind."""

_KINDS = (USER, GROUP, ROLE)


def find_entity(ctx: Context, arn: str, *, kinds: tuple[Noun[Row], ...] = _KINDS) -> Entity | None:
    """The account's thing of one of these kinds with exactly this ARN; None where there is none."""
    noun, _ = _noun_and_name(arn)
    if noun is None or noun not in kinds:
        return None
    row = noun.find_by_arn(ctx.read, place(ctx), arn)
    return None if row is None else (noun, row)


def require_entity(ctx: Context, arn: str) -> Entity:
    """The user, group or role; raises InvalidInput for an ARN of something else, NoSuchEntity for what is missing."""
    noun, name = _noun_and_name(arn)
    if noun is None or noun not in _KINDS:
        raise not_an_entity(arn)
    found = find_entity(ctx, arn)
    if found is None:
        raise noun.missing(ctx, name)
    return found


def not_an_entity(arn: str) -> ApiError:
    """InvalidInput, as people's logs have it for sessions' ARNs."""
    text = f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
    return iam.error.InvalidInputException(text)


def entity_at(member: str) -> Target:
    """The user, group or role whose ARN stands in a request member; what is missing is checked by its ARN."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        found = find_entity(ctx, request[member])
        return [Check(resource=request[member], tags=lambda: None if found is None else found[1].tags)]

    return checks


def _noun_and_name(arn: str) -> tuple[Noun[Row], str] | tuple[None, str]:
    parts = arn.split(":", 5)
    kind, _, rest = parts[-1].partition("/")
    noun = BY_KIND.get(kind) if len(parts) == 6 and parts[2] == "iam" and rest else None
    return (None, arn) if noun is None else (noun, rest.rsplit("/", 1)[-1])
