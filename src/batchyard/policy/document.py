"""Policies: a document parsed, checked and compiled once, to be asked many times."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from batchyard.policy import grammar, rules
from batchyard.policy.conditions import Clause, compile_clause
from batchyard.policy.grammar import SYNTAX, Elements, Kind, MalformedPolicy
from batchyard.policy.match import Principals, compile_actions, compile_principals, compile_resources
from batchyard.policy.wildcard import Context, parse_template

__all__ = ["Kind", "MalformedPolicy", "Policy", "Statement", "empty", "parse"]

Effect = Literal["Allow", "Deny"]
_REMEMBERED_ACTIONS = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement, compiled. `index` counts from 0; `principals` is None where the kind of policy has none."""

    index: int
    sid: str | None
    effect: Effect
    matches_action: Callable[[str], bool]
    """Asked with the action in lower case."""
    matches_resource: Callable[[str, Context], bool]
    principals: Principals | None
    clauses: tuple[Clause, ...]
    elements: Elements

    def applies(self, resource: str, context: Context) -> bool:
        """Whether resource and conditions match; action and principal are for the caller to match."""
        if not self.matches_resource(resource, context):
            return False
        # A loop, not all(): this is the hottest line of a request, and most statements have no clause.
        for clause in self.clauses:  # noqa: SIM110
            if not clause.holds(context):
                return False
        return True


Relevant = tuple[tuple[Statement, ...], tuple[Statement, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """An immutable policy. Two are equal when their texts are. `version` is the language's (2012-10-17)."""

    text: str
    kind: Kind
    version: str
    statements: tuple[Statement, ...]
    _by_action: dict[str, Relevant] = field(default_factory=dict, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def size(self) -> int:
        """The characters that count for IAM's quotas: all but white space."""
        return len("".join(self.text.split()))

    def relevant(self, action: str) -> Relevant:
        """The Deny and the Allow statements whose action element matches; `action` is in lower case."""
        found = self._by_action.get(action)
        if found is None:
            found = self._find_relevant(action)
            if len(self._by_action) >= _REMEMBERED_ACTIONS:
                self._by_action.clear()
            self._by_action[action] = found
        return found

    def _find_relevant(self, action: str) -> Relevant:
        matching = [statement for statement in self.statements if statement.matches_action(action)]
        return (
            tuple(statement for statement in matching if statement.effect == "Deny"),
            tuple(statement for statement in matching if statement.effect == "Allow"),
        )


def parse(document: str | Mapping[str, Any], *, kind: Kind, partition: str | None = None) -> Policy:
    """Parse, check and compile a policy document of a kind.

    `partition`: the partition that its resources must belong to (a policy in `aws` can't name `arn:aws-cn:`); None
    takes any. Raises MalformedPolicy, whatever comes in, and nothing else.
    """
    text = document if isinstance(document, str) else _dumped(document)
    read = grammar.read(text, kind)
    rules.check(read, kind=kind, partition=partition)
    variables = read.version == grammar.CURRENT
    statements = tuple(
        _compile(index, elements, kind, variables=variables) for index, elements in enumerate(read.statements)
    )
    return Policy(text, kind, read.version, statements)


def empty(kind: Kind = "identity") -> Policy:
    """A policy without statements: it allows nothing. No document can say that."""
    return Policy("", kind, grammar.CURRENT, ())


def _dumped(document: object) -> str:
    try:
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedPolicy(SYNTAX) from error


def _compile(index: int, elements: Elements, kind: Kind, *, variables: bool) -> Statement:
    effect: Effect = "Deny" if elements.effect == "Deny" else "Allow"
    actions = [parse_template(action, variables=False) for action in elements.actions or ()]
    # A trust policy has no resources: it is about the one role that it belongs to.
    resources = [parse_template(name, variables=variables) for name in elements.resources or ("*",)]
    return Statement(
        index=index,
        sid=elements.sid,
        effect=effect,
        matches_action=compile_actions(actions, negated=elements.not_action),
        matches_resource=compile_resources(resources, negated=elements.not_resource, denies=effect == "Deny"),
        principals=compile_principals(
            elements.principals,
            negated=elements.not_principal,
            denies=effect == "Deny",
            trusts=kind == "trust",
        )
        if elements.has_principal
        else None,
        clauses=tuple(
            compile_clause(
                condition.use,
                condition.key,
                condition.values,
                variables=variables,
                denies=effect == "Deny",
            )
            for condition in elements.conditions
        ),
        elements=elements,
    )
