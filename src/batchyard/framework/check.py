"""One question to the policies: may this caller do this action on this resource?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchyard.framework.context import Context

Values = str | tuple[str, ...]
"""A condition key's value: one, or several for a multivalued key."""

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Check:
    """One (action, resource, context) to evaluate.

    `action` is the operation's own where it is None (`batch:SubmitJob`); `tags` looks up the resource's tags
    when a policy asks for aws:ResourceTag (None: the resource does not exist, so the keys are absent).
    `trust` is a role's trust policy as (role ARN, document text): then it must allow, too; a role that is not
    there has no document and trusts nobody.
    """

    resource: str = "*"
    action: str | None = None
    context: Mapping[str, Values] = field(default_factory=dict)
    tags: Callable[[], Tags | None] | None = None
    account: str | None = None
    """The account that owns the resource; None: the caller's."""
    trust: tuple[str, str | None] | None = None
    refusal: str | None = None
    """The service's own words for a denial, where it is recorded to have some; None: AWS's usual words."""
    provider: str | None = None
    """The identity provider that vouches for the caller of an unsigned operation: who asks is of it, nobody else."""
    told: str | None = None
    """What a denial names instead of `resource`, where that was looked up by a name: the same for a missing thing."""


Target = Callable[["Context", dict[str, Any]], Iterable[Check]]
"""What `on=` lists: says, for one call, which resources the operation touches."""


def ANY(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The operation has no resource level: it is checked on `*`."""
    return (Check(),)


@dataclass(frozen=True, slots=True)
class UNCHECKED:
    """The operation needs no permission; the reason is said aloud."""

    why: str

    def __call__(self, ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        return ()


def members(request: Any, path: str) -> list[Any]:
    """The values at a dotted path of a request; a list on the way is walked through; absent values are left out."""
    found = [request]
    for name in path.split("."):
        following: list[Any] = []
        for value in found:
            inner = value.get(name) if isinstance(value, dict) else None
            if isinstance(inner, (list, tuple)):
                following.extend(inner)
            elif inner is not None:
                following.append(inner)
        found = following
    return found
