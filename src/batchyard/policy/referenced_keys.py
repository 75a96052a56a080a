"""Which condition keys a policy asks for: in its conditions, and as variables in resources and values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchyard.policy.document import Policy, Statement
from batchyard.policy.grammar import CURRENT

_VARIABLE = re.compile(r"\$\{(?P<key>[^{}$,'*?]+)(?:,\s*'[^']*'\s*)?\}")


def policy_keys(policy: Policy) -> Iterator[str]:
    """Every key of every statement, as written, in the order of the text; a key that is named twice comes twice."""
    for statement in policy.statements:
        yield from statement_keys(statement, variables=policy.version == CURRENT)


def statement_keys(statement: Statement, *, variables: bool) -> Iterator[str]:
    """One statement's keys. `variables`: the document's version knows policy variables."""
    if variables:
        for resource in statement.elements.resources or ():
            yield from _variables(resource)
    for clause in statement.clauses:
        yield clause.key
        if variables and clause.use.operator.variables:
            for value in clause.values:
                yield from _variables(value)


def _variables(text: str) -> Iterator[str]:
    for found in _VARIABLE.finditer(text):
        yield found["key"].strip()
