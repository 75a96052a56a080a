"""Decisions: the outcome, which type of policy decided, and the statements that made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchyard.policy.sources import Source

Outcome = Literal["allowed", "explicitDeny", "implicitDeny"]
"""IAM's EvalDecisionType."""

Reason = Literal[
    "identity-based policy",
    "permissions boundary",
    "session policy",
    "resource-based policy",
    "role trust policy",
    "service control policy",
    "resource control policy",
    "account root user",
    "no permission needed",
]
"""The policy type in the words of AWS's denials (iam-evaluation.md 6); the last two only for what is allowed."""


@dataclass(frozen=True, slots=True)
class StatementRef:
    """One statement of a policy; `index` counts from 0."""

    source: Source
    index: int
    sid: str | None

    @property
    def number(self) -> int:
        """Its place as everybody outside is told it: counted from 1, as people and AWS's Sids count."""
        return self.index + 1


FailedOn = Literal["action", "principal", "resource", "condition"]


@dataclass(frozen=True, slots=True)
class ConditionMiss:
    """A condition that was not fulfilled: `got` is what the request had, None where it had nothing.

    `told` are the values with what their variables made of them, where they have any.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    got: str | tuple[str, ...] | None
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatementTrace:
    """What became of one statement: matched, or the first element on which it failed."""

    ref: StatementRef
    policy_type: Reason
    effect: Literal["Allow", "Deny"]
    failed_on: FailedOn | None
    misses: tuple[ConditionMiss, ...] = ()

    @property
    def matched(self) -> bool:
        """The statement applied to the request."""
        return self.failed_on is None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a request.

    `reason` is the policy type that decided: the first that lacks an allow, the type with the explicit deny, the
    type that granted. `statements` are those that allowed, each policy type's first (an allow by root has none),
    or the statement that denied. `trace` has all statements when it was asked for, else it is empty.
    """

    outcome: Outcome
    reason: Reason
    statements: tuple[StatementRef, ...]
    trace: tuple[StatementTrace, ...] = ()


_CLOSENESS: dict[FailedOn | None, int] = {"action": 0, "principal": 1, "resource": 2, "condition": 3}


def nearest_misses(trace: tuple[StatementTrace, ...]) -> tuple[StatementTrace, ...]:
    """The Allow statements that did not match, the nearest first: those that failed on the fewest conditions."""
    missed = [one for one in trace if one.effect == "Allow" and not one.matched]
    return tuple(sorted(missed, key=lambda one: (-_CLOSENESS[one.failed_on], len(one.misses))))
