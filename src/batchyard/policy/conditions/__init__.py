"""Conditions: the table of all operators, and one key's test compiled from its line in a statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from batchyard.policy.conditions import arn, binary, boolean, date, ip, null, numeric, string
from batchyard.policy.conditions.operator import Operator, Test
from batchyard.policy.tag_values import are_in_doubt, is_tag_key, tag_variables
from batchyard.policy.wildcard import Context, Template, are_present, parse_template

OPERATORS = {
    operator.name.lower(): operator
    for family in (string, numeric, date, boolean, binary, ip, arn, null)
    for operator in family.OPERATORS
}

Quantifier = Literal["ForAllValues", "ForAnyValue"]
_QUANTIFIERS: dict[str, Quantifier] = {"forallvalues:": "ForAllValues", "foranyvalue:": "ForAnyValue"}


@dataclass(frozen=True, slots=True)
class OperatorUse:
    """An operator as a statement writes it: `ForAllValues:StringLikeIfExists`."""

    written: str
    operator: Operator
    quantifier: Quantifier | None
    if_exists: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """One key with its operator and values; `holds` tells whether a request context fulfils it."""

    use: OperatorUse
    key: str
    """As written; it is looked up in lower case."""
    values: tuple[str, ...]
    templates: tuple[Template, ...]
    holds: Callable[[Context], bool]


def find_operator(written: str) -> OperatorUse | None:
    """The operator of that name, in any case; None where there is none."""
    name = written.lower()
    quantifier: Quantifier | None = None
    for prefix, found in _QUANTIFIERS.items():
        if name.startswith(prefix):
            name, quantifier = name[len(prefix) :], found
            break
    operator = OPERATORS.get(name)
    if operator is not None:
        return OperatorUse(written, operator, quantifier, if_exists=False)
    operator = OPERATORS.get(name.removesuffix("ifexists"))
    if operator is None or not operator.if_exists:
        return None
    return OperatorUse(written, operator, quantifier, if_exists=True)


def compile_clause(
    use: OperatorUse, key: str, values: tuple[str, ...], *, variables: bool, denies: bool
) -> Clause:
    """Compile one line of a Condition block of a statement that allows, or that denies.

    `variables`: the document's version knows policy variables.
    """
    templates = tuple(
        parse_template(value, variables=variables and use.operator.variables) for value in values
    )
    test = use.operator.compile(templates)
    is_null = use.operator.name == "Null"
    holds = (
        _holds_null(key.lower(), test)
        if is_null
        else _holds(use, key.lower(), templates, test, denies=denies)
    )
    return Clause(use, key, values, templates, holds)


def _holds_null(key: str, test: Test) -> Callable[[Context], bool]:
    return lambda context: test("true" if context.get(key) in (None, ()) else "false", context)


def _holds(
    use: OperatorUse, key: str, templates: tuple[Template, ...], test: Test, *, denies: bool
) -> Callable[[Context], bool]:
    """The semantics of iam-evaluation.md 3 around the test of one value.

    A key that has several values without a set operator: one that matches is enough, for a negated operator one
    is too many [guess]. A variable that can't be filled in makes the clause, and so the statement, not match.
    Several values of a tag: decision 0022.
    """
    negated, quantifier = use.operator.negated, use.quantifier
    when_absent = use.if_exists or (negated if quantifier is None else quantifier == "ForAllValues")
    required = tuple({key for template in templates for key in template.required})
    doubtful = tag_variables(templates)
    is_tag = is_tag_key(key)
    one_of_several = any if denies else all

    def unfilled(context: Context) -> bool | None:
        # What stands for the test where a variable has no value, or several; None where each has one.
        if doubtful and are_in_doubt(doubtful, context):
            return denies
        return False if required and not are_present(required, context) else None

    def holds_for(value: str, context: Context) -> bool:
        if quantifier is not None and value == "":
            # An empty string is an empty data set to a set operator (guide: multi-value conditions).
            return quantifier == "ForAllValues"
        instead = unfilled(context)
        return test(value, context) != negated if instead is None else instead

    def holds(context: Context) -> bool:
        given = context.get(key)
        if given is None or given == ():
            return when_absent
        if isinstance(given, str):
            return holds_for(given, context)
        if is_tag:
            return one_of_several(holds_for(value, context) for value in given)
        if len(given) == 1:
            return holds_for(given[0], context)
        instead = unfilled(context)
        if instead is not None:
            return instead
        if quantifier is None:
            return any(test(value, context) for value in given) != negated
        found = (test(value, context) != negated for value in given)
        return all(found) if quantifier == "ForAllValues" else any(found)

    return holds
