"""What evaluating policies costs, counted from sizes before it is done: microseconds on the benchmarks' machine.

An upper estimate, linear to compute. The factors were measured with the worst that a policy can hold (a statement
that matches nothing, patterns whose every part is found, values that all are compared), and hold for an evaluation
with its trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batchyard.policy.document import Statement
from batchyard.policy.wildcard import Values

_PER_STRING, _PER_COMMA, _PER_SIGN, _PER_CHARACTER = 4.0, 2.0, 3.0, 0.1
"""Of a document that is parsed and compiled; a sign is a `*`, a `?`, or a variable's `$`."""

_PER_EVALUATION = 15.0
_PER_STATEMENT = 5.0
_PER_CLAUSE = 4.0
_PER_PATTERN = 4.0
_PER_VARIABLE = 12.0
_PER_COMPARED_CHARACTERS = 0.0003
"""For each character of a pattern times each of the text: the worst that searching does."""
_PER_COMPARED_GAP = 0.5
"""For each `?` of a pattern, and the pattern itself, times each character of the text."""
_PER_TOLD_VALUE = 1.0
"""A value of a condition that is not met is told with what its variables make of it."""
_PER_COMPARED_VALUE = 0.5
_PER_COMPARED_VARIABLE = 2.0
_LOOKED_UP = frozenset(
    ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "Bool", "Null"]
)
"""Their values without variables are a set, however many they are."""


def parsing(document: str) -> float:
    """What it costs to parse and compile a policy document."""
    signs = document.count("*") + document.count("?") + document.count("$")
    return (
        _PER_STRING * document.count('"') / 2
        + _PER_COMMA * document.count(",")
        + _PER_SIGN * signs
        + _PER_CHARACTER * len(document)
    )


@dataclass(slots=True)
class _Patterns:
    constant: int = 0
    variable: int = 0
    characters: int = 0
    gaps: int = 0

    def add(self, patterns: Iterable[str]) -> None:
        for one in patterns:
            if "${" in one:
                self.variable += 1
            else:
                self.constant += 1
            if "?" in one:
                self.gaps += one.count("?") + 1
            else:
                self.characters += len(one)

    def against(self, length: int) -> float:
        """The characters' part, for a text of that length."""
        return length * (_PER_COMPARED_CHARACTERS * self.characters + _PER_COMPARED_GAP * self.gaps)


@dataclass(slots=True)
class Weight:
    """What the policies of one question hold, added up once for all its resources."""

    statements: int = 0
    clauses: int = 0
    told: int = 0
    resources: _Patterns = field(default_factory=_Patterns)
    values: dict[str, _Patterns] = field(default_factory=lambda: defaultdict(_Patterns))
    """By condition key, in lower case."""

    def add(self, statements: Sequence[Statement]) -> None:
        """Add a policy's statements."""
        self.statements += len(statements)
        for statement in statements:
            self.resources.add(statement.elements.resources or ())
            self.clauses += len(statement.clauses)
            for clause in statement.clauses:
                self.told += len(clause.values)
                compared = self.values[clause.key.lower()]
                if clause.use.operator.name in _LOOKED_UP:
                    compared.add(one for one in clause.values if "${" in one)
                else:
                    compared.add(clause.values)

    def evaluating(self, length: int, context: Mapping[str, Values], *, usual: int = 0) -> float:
        """What one evaluation costs at most, whatever the action is, on a resource whose ARN has that length.

        `context` has keys in lower case; a key that it lacks has a value of the `usual` length, or none.
        """
        own = self.resources
        cost = _PER_EVALUATION + _PER_STATEMENT * self.statements + _PER_CLAUSE * self.clauses
        cost += _PER_TOLD_VALUE * self.told
        cost += _PER_PATTERN * own.constant + _PER_VARIABLE * own.variable + own.against(length)
        longest = max((len(one) for one in context.values() if isinstance(one, str)), default=0)
        cost += own.variable * longest * _PER_COMPARED_CHARACTERS * 10
        for key, values in self.values.items():
            given = context.get(key)
            if given is None:
                given = usual * " " if usual else ()
            texts = (given,) if isinstance(given, str) else given
            pairs = _PER_COMPARED_VALUE * values.constant + _PER_COMPARED_VARIABLE * values.variable
            cost += len(texts) * pairs + values.against(sum(map(len, texts)))
            cost += values.variable * len(texts) * longest * _PER_COMPARED_CHARACTERS * 10
        return cost
