"""Why: each statement that was looked at, matched or not, and on what it failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from batchyard.policy.conditions import Clause
from batchyard.policy.decision import (
    ConditionMiss,
    FailedOn,
    Reason,
    StatementRef,
    StatementTrace,
)
from batchyard.policy.document import Statement
from batchyard.policy.sources import Request, Source
from batchyard.policy.wildcard import Context


def trace_statements(request: Request, sources: Iterable[tuple[Reason, Source]]) -> Iterator[StatementTrace]:
    """One trace for each statement of the sources, in their order."""
    for policy_type, source in sources:
        for statement in source.policy.statements:
            failed_on, misses = _failure(request, statement)
            yield StatementTrace(
                ref=StatementRef(source, statement.index, statement.sid),
                policy_type=policy_type,
                effect=statement.effect,
                failed_on=failed_on,
                misses=misses,
            )


def _failure(request: Request, statement: Statement) -> tuple[FailedOn | None, tuple[ConditionMiss, ...]]:
    if not statement.matches_action(request.action.lower()):
        return "action", ()
    if statement.principals is not None and statement.principals.grade(request.principal) is None:
        return "principal", ()
    if not statement.matches_resource(request.resource, request.context):
        return "resource", ()
    misses = tuple(
        _miss(clause, request.context) for clause in statement.clauses if not clause.holds(request.context)
    )
    return ("condition", misses) if misses else (None, ())


def _miss(clause: Clause, context: Context) -> ConditionMiss:
    told = tuple(template.told(context) for template in clause.templates)
    return ConditionMiss(clause.use.written, clause.key, clause.values, context.get(clause.key.lower()), told)
