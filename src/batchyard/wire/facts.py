"""What the wire must know of a service and its model does not say; each service declares its own (`service.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """How a service refuses a request that breaks its model's constraints."""

    code: str
    prefix: str = ""
    """What stands before the problems."""
    counted: bool = True
    """Whether it begins with `2 validation errors detected: `."""
    shows_value: bool = True
    pattern_words: Mapping[str, str] = field(default_factory=dict)
    """Its own sentence for a pattern, where all problems are patterns."""
    member_codes: Mapping[str, str] = field(default_factory=dict)
    """The codes of members that have a code of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFacts:
    """How requests without a signature tell that they are for this service, and how it refuses malformed requests.

    A service without `versions` and `targets` is told by its paths. `invalid` is None for EC2's protocol, which has
    codes of its own for each kind of problem.
    """

    versions: tuple[str, ...] = ()
    """Of the form's parameter Version."""
    targets: tuple[str, ...] = ()
    """What stands before the operation in x-amz-target."""
    invalid: Invalid | None
    presigned_seconds: int | None = None
    """How long every presigned request holds, whatever it asks for; None: as long as it asks for."""
    may_be_empty: frozenset[str] = frozenset()
    """Members whose maps may be empty, whatever the model says of their length."""


_DECLARED: dict[str, WireFacts] = {}


def declare(service: str, facts: WireFacts) -> None:
    """Make a service's facts known; for `framework.service`."""
    _DECLARED[service] = facts


def declared() -> Mapping[str, WireFacts]:
    """The facts of every service that was loaded, by botocore's names."""
    return _DECLARED
