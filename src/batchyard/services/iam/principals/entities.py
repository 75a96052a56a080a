"""Users, groups and roles by ARN: what simulations and Access Advisor are asked about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam.nouns import BY_KIND, GROUP, ROLE, USER, Noun, Row, find, no_such
from batchyard.services.iam.service import iam

Entity = tuple[Noun, Row]
"""What an ARN names, with its kind."""

_KINDS = (USER, GROUP, ROLE)


def find_entity(ctx: Context, arn: str, *, kinds: tuple[Noun, ...] = _KINDS) -> Entity | None:
    """The account's thing of one of these kinds with exactly this ARN; None where there is none."""
    noun, name = _noun_and_name(arn)
    if noun not in kinds:
        return None
    row = find(ctx, noun, name)
    return (noun, row) if row is not None and noun.arn_of(row) == arn else None


def require_entity(ctx: Context, arn: str) -> Entity:
    """The user, group or role; raises InvalidInput for an ARN of something else, NoSuchEntity for a missing one."""
    noun, name = _noun_and_name(arn)
    if noun not in _KINDS:
        raise not_an_entity(arn)
    found = find_entity(ctx, arn)
    if found is None:
        raise no_such(noun, name)
    return found


def not_an_entity(arn: str) -> ApiError:
    """InvalidInput, as people's logs have it for sessions' ARNs."""
    text = f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
    return iam.error.InvalidInputException(text)


def entity_at(member: str) -> Target:
    """The user, group or role whose ARN stands in a request member; a missing one is checked by its ARN."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        found = find_entity(ctx, request[member])
        return [Check(resource=request[member], tags=lambda: None if found is None else found[1].tags)]

    return checks


def _noun_and_name(arn: str) -> tuple[Noun, str] | tuple[None, str]:
    parts = arn.split(":", 5)
    kind, _, rest = parts[-1].partition("/")
    noun = BY_KIND.get(kind) if len(parts) == 6 and parts[2] == "iam" and rest else None
    return (None, arn) if noun is None else (noun, rest.rsplit("/", 1)[-1])
