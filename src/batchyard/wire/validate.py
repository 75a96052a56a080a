"""Validation from the model: required, type, length, range, pattern, enum. One closure a shape, made at first use."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from batchyard.wire.errors import ErrorReply
from batchyard.wire.facts import declared
from batchyard.wire.model import Operation, Shape
from batchyard.wire.patterns import compiled

Kind = Literal[
    "missing", "type", "short", "long", "small", "large", "pattern", "enum", "map key", "map value"
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One violated constraint; `path` is in the model's member names, `a.b.1.member.c`."""

    kind: Kind
    path: str
    value: Any = None
    constraint: Any = None


Report = Callable[[Problem], None]
Where = tuple[Any, str] | None
"""The way to a value: (the way to what holds it, its name there). Joined only for a problem: most have none."""
Check = Callable[[Any, Where, Report], None]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "short": (int,),
    "byte": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime, int, float),
    "blob": (bytes, bytearray, str),
}
_NUMBERS = frozenset({"integer", "long", "short", "byte", "float", "double"})


def validate(operation: Operation, request: Mapping[str, Any]) -> list[Problem]:
    """Every constraint of the model that a request violates; empty where it is well formed."""
    problems: list[Problem] = []

    def report(problem: Problem) -> None:
        problems.append(problem)
        if len(problems) >= MOST_PROBLEMS:
            raise _Enough

    if operation.input is not None:
        with contextlib.suppress(_Enough):
            _check_of(operation.input)(request, None, report)
    return [one for one in problems if not _is_taken(operation, one)] if problems else problems


def _is_taken(operation: Operation, problem: Problem) -> bool:
    """Whether it is an empty map that the service takes, against its model."""
    facts = declared().get(operation.model.service)
    if facts is None or problem.kind != "short":
        return False
    return problem.value == {} and problem.path in facts.may_be_empty


MOST_PROBLEMS = 100
"""How many problems are told; a request of megabytes could have hundreds of thousands [guess]."""


class _Enough(Exception):
    """There are as many problems as are told."""


def _path(where: Where) -> str:
    names: list[str] = []
    while where is not None:
        where, name = where
        names.append(name)
    return ".".join(reversed(names))


def _check_of(shape: Shape) -> Check:
    found: Check | None = shape.compiled.get("check")
    if found is None:
        found = shape.compiled["check"] = _make(shape)
    return found


def _make(shape: Shape) -> Check:
    if shape.type == "structure":
        return _structure(shape) if not shape.is_document else lambda value, where, report: None
    if shape.type == "list":
        return _list(shape)
    if shape.type == "map":
        return _map(shape)
    if shape.type in _NUMBERS:
        return _number(shape)
    return _text(shape)


def _structure(shape: Shape) -> Check:
    checks: dict[str, Check] = {}
    required = shape.required

    def check(value: Any, where: Where, report: Report) -> None:
        if not isinstance(value, dict):
            report(Problem("type", _path(where), value, shape.type))
            return
        for name in required:
            if value.get(name) is None:
                report(Problem("missing", _path((where, name))))
        for name, inner in value.items():
            one = checks.get(name)
            if one is None:
                member = shape.members.get(name)
                if member is None:
                    report(Problem("type", _path((where, name)), inner, "unknown"))
                    continue
                one = checks[name] = _check_of(member)
            if inner is not None or name not in required:
                one(inner, (where, name), report)

    return check


def _list(shape: Shape) -> Check:
    smallest, largest = shape.trait("min"), shape.trait("max")
    items: list[Check] = []

    def check(value: Any, where: Where, report: Report) -> None:
        if not isinstance(value, (list, tuple)):
            report(Problem("type", _path(where), value, "list"))
            return
        if smallest is not None or largest is not None:
            _check_length(value, (smallest, largest), where, report)
        if value and not items:
            items.append(_check_of(shape.member))
        for index, one in enumerate(value, 1):
            items[0](one, ((where, str(index)), "member"), report)

    return check


def _map(shape: Shape) -> Check:
    smallest, largest = shape.trait("min"), shape.trait("max")
    parts: list[tuple[Check, Check]] = []
    keyed, valued = bool(_said_of(shape.key)), bool(_said_of(shape.value)) and shape.value.type in _TYPES

    def check(value: Any, where: Where, report: Report) -> None:
        if not isinstance(value, dict):
            report(Problem("type", _path(where), value, "map"))
            return
        if smallest is not None or largest is not None:
            _check_length(value, (smallest, largest), where, report)
        if value and not parts:
            parts.append((_check_of(shape.key), _check_of(shape.value)))
        broken_keys: list[Problem] = []
        broken_values: list[Problem] = []
        for key, one in value.items():
            check_key, check_value = parts[0]
            check_key(key, (where, "key"), broken_keys.append if keyed else report)
            check_value(one, ((where, str(key)), "member"), broken_values.append if valued else report)
        if broken_keys:
            report(Problem("map key", _path(where), value, _said_of(shape.key)))
        if broken_values:
            report(Problem("map value", _path(where), value, _said_of(shape.value)))

    return check


def _said_of(shape: Shape) -> tuple[str, ...]:
    """All constraints of a map's keys or values, in the order in which AWS lists them."""
    said = [
        ("max", _SAID["long"]),
        ("min", _SAID["short"]),
        ("pattern", _SAID["pattern"]),
    ]
    found = [text.format(shape.trait(name)) for name, text in said if shape.trait(name) is not None]
    choices = shape.trait("enum")
    return (*found, _SAID["enum"].format(f"[{', '.join(choices)}]")) if choices else tuple(found)


def _check_length(value: Any, bounds: tuple[int | None, int | None], where: Where, report: Report) -> None:
    smallest, largest = bounds
    if smallest is not None and len(value) < smallest:
        report(Problem("short", _path(where), value, smallest))
    if largest is not None and len(value) > largest:
        report(Problem("long", _path(where), value, largest))


def _number(shape: Shape) -> Check:
    accepted = _TYPES[shape.type]
    smallest, largest = shape.trait("min"), shape.trait("max")

    def check(value: Any, where: Where, report: Report) -> None:
        if not isinstance(value, accepted) or isinstance(value, bool):
            report(Problem("type", _path(where), value, shape.type))
            return
        if smallest is not None and value < smallest:
            report(Problem("small", _path(where), value, smallest))
        if largest is not None and value > largest:
            report(Problem("large", _path(where), value, largest))

    return check


_IN_ANY_CASE = {"RetryAction"}
"""Enums whose values AWS takes in any case of letters (Batch API reference, EvaluateOnExit)."""


_LONGEST_MATCHED = 256 * 1024
"""A longer text is refused for its length; every member with a pattern is shorter."""


def _text(shape: Shape) -> Check:
    """Strings and blobs, and what has a type alone (booleans, timestamps)."""
    accepted = _TYPES[shape.type]
    measured = shape.type in ("string", "character", "blob")
    bounds = (shape.trait("min"), shape.trait("max")) if measured else (None, None)
    pattern = shape.trait("pattern")
    ordered = list(shape.trait("enum") or ())
    choices = frozenset(ordered)
    any_case = shape.name in _IN_ANY_CASE
    bounded = bounds != (None, None)

    def check(value: Any, where: Where, report: Report) -> None:
        if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
            report(Problem("type", _path(where), value, shape.type))
            return
        if bounded:
            _check_length(value, bounds, where, report)
        if choices and (str(value).upper() if any_case else value) not in choices:
            report(Problem("enum", _path(where), value, ordered))
        if pattern is not None and isinstance(value, str) and len(value) <= _LONGEST_MATCHED:
            matcher = compiled(pattern)
            if matcher is not None and not matcher.fullmatch(value):
                report(Problem("pattern", _path(where), value, pattern))

    return check


def refusal(service: str, problems: Sequence[Problem]) -> ErrorReply:
    """The answer to a request with problems, in each service's own code and words (`wire.facts`)."""
    invalid = declared()[service].invalid
    if invalid is None:
        return _ec2_refusal(problems[0])
    code = invalid.member_codes.get(problems[0].path.split(".", 1)[0], invalid.code)
    if all(one.kind == "pattern" for one in problems):
        said = invalid.pattern_words.get(problems[0].constraint)
        if said is not None:
            name = lowered(problems[0].path.rsplit(".", 1)[-1])
            return ErrorReply(code, f"The specified value for {name} is invalid. {said}")
    told = "; ".join(_constraint(one, shows_value=invalid.shows_value) for one in problems)
    many = "errors" if len(problems) > 1 else "error"
    count = f"{len(problems)} validation {many} detected: " if invalid.counted else ""
    return ErrorReply(code, f"{invalid.prefix}{count}{told}")


def _constraint(problem: Problem, *, shows_value: bool = True) -> str:
    """One problem in AWS's words; IAM's are without the value (recorded in 2026: localstack's
    test_iam_account_password_policy, test_iam_oidc and test_iam_mfa snapshots)."""
    where = lowered(problem.path)
    if problem.kind == "missing":
        value = "Value null" if shows_value else "Value"
        return f"{value} at '{where}' failed to satisfy constraint: Member must not be null"
    if problem.kind == "map key":
        said = f"Map keys must satisfy constraint: [{', '.join(problem.constraint)}]"
    elif problem.kind == "map value":
        said = f"Map value must satisfy constraint: [{', '.join(problem.constraint)}]"
    elif problem.kind == "enum":
        said = _SAID["enum"].format(f"[{', '.join(problem.constraint)}]")
    else:
        said = _SAID[problem.kind].format(problem.constraint)
    value = f"Value '{_shown(problem.value)}'" if shows_value else "Value"
    return f"{value} at '{where}' failed to satisfy constraint: {said}"


_SAID = {
    "short": "Member must have length greater than or equal to {}",
    "long": "Member must have length less than or equal to {}",
    "small": "Member must have value greater than or equal to {}",
    "large": "Member must have value less than or equal to {}",
    "pattern": "Member must satisfy regular expression pattern: {}",
    "enum": "Member must satisfy enum value set: {}",
    "type": "Member must be of the type {}",
}
"""AWS's words; those of a map's keys and values are recorded in SWO-GS/auto-tag#77."""


def lowered(path: str) -> str:
    """A path as AWS's validation writes it: each name with a lower first letter."""
    return ".".join(part[:1].lower() + part[1:] for part in path.split("."))


_MOST_SHOWN = 1000
"""How many members of a list or map are told with a problem [guess]."""


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_shown, value[:_MOST_SHOWN]))}]"
    if isinstance(value, dict):
        items = itertools.islice(value.items(), _MOST_SHOWN)
        return f"{{{', '.join(f'{key}={_shown(one)}' for key, one in items)}}}"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = str(value)
    return text if len(text) <= 1024 else text[:1024]


def _ec2_refusal(problem: Problem) -> ErrorReply:
    name = problem.path.removesuffix(".member").split(".")[0]
    if problem.kind == "missing":
        return ErrorReply("MissingParameter", f"The request must contain the parameter {problem.path}")
    if problem.kind == "enum":
        text = f"Invalid value '{_shown(problem.value)}' for {name}."
        return ErrorReply("InvalidParameterValue", text)
    text = f"Value ({_shown(problem.value)}) for parameter {name} is invalid."
    return ErrorReply("InvalidParameterValue", text)
