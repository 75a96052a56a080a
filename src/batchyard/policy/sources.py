"""What a decision is made from: policies with where they come from, and the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchyard.policy.document import Policy
from batchyard.policy.principal import Principal
from batchyard.policy.wildcard import Values


@dataclass(frozen=True, slots=True)
class Source:
    """One policy and where it comes from.

    `kind` says how it is attached (user, group, role, managed, boundary, session, trust…); `arn` and `version`
    are a managed policy's own.
    """

    kind: str
    name: str
    arn: str | None
    version: str | None
    policy: Policy


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All policies that bear on a request. None means that there is no policy of the type; () that it has none
    and so allows nothing.

    `scp` and `rcp` hold one tuple for each level of the organization (root, units, account): each must allow.
    """

    identity: tuple[Source, ...] = ()
    boundary: Source | None = None
    session: tuple[Source, ...] | None = None
    resource: Source | None = None
    """The resource's own policy; with `trust_required` the role's trust policy."""
    scp: tuple[tuple[Source, ...], ...] | None = None
    rcp: tuple[tuple[Source, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One question: may this principal do `action` (`batch:SubmitJob`) on `resource` (an ARN, or `*`)?

    `context` holds the condition keys: a dict in any case of letters (folded once, here; keys that differ in case
    alone become one, with the values of both), or any other Mapping that is asked by `get` with keys in lower case.
    `resource_account` owns the resource. `trust_required`: the resource is a role to assume, whose trust policy
    must allow, also within the account.
    """

    action: str
    resource: str
    context: Mapping[str, Values]
    principal: Principal
    resource_account: str
    trust_required: bool = False

    def __post_init__(self) -> None:
        if type(self.context) is dict:
            object.__setattr__(self, "context", _fold(self.context))


def _fold(context: dict[str, Any]) -> dict[str, Values]:
    folded: dict[str, Values] = {}
    for key, given in context.items():
        value = tuple(given) if isinstance(given, list) else given
        known = folded.get(key.lower())
        folded[key.lower()] = value if known is None else _joined(known, value)
    return folded


def _joined(one: Values, other: Values) -> Values:
    """The values of both, each once."""
    listed = [(value,) if isinstance(value, str) else value for value in (one, other)]
    values = tuple(dict.fromkeys(value for values in listed for value in values))
    return values[0] if len(values) == 1 else values
