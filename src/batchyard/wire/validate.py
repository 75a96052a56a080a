"""Validation from the model: required, type, length, range, pattern, enum. One closure a shape, made at first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from batchyard.wire.errors import ErrorReply
from batchyard.wire.model import Operation, Shape
from batchyard.wire.patterns import compiled

Kind = Literal["missing", "type", "short", "long", "small", "large", "pattern", "enum"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One violated constraint; `path` is in the model's member names, `a.b.1.member.c`."""

    kind: Kind
    path: str
    value: Any = None
    constraint: Any = None


Report = Callable[[Problem], None]
Check = Callable[[Any, str, Report], None]

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
    "list": (list, tuple),
    "map": (dict,),
    "structure": (dict,),
}


def validate(operation: Operation, request: Mapping[str, Any]) -> list[Problem]:
    """Every constraint of the model that a request violates; empty where it is well formed."""
    problems: list[Problem] = []
    if operation.input is not None:
        _check_of(operation.input)(request, "", problems.append)
    return problems


def _check_of(shape: Shape) -> Check:
    found: Check | None = shape.compiled.get("check")
    if found is None:
        found = shape.compiled["check"] = _make(shape)
    return found


def _make(shape: Shape) -> Check:
    if shape.type == "structure":
        return _structure(shape) if not shape.is_document else lambda value, path, report: None
    if shape.type == "list":
        return _list(shape)
    if shape.type == "map":
        return _map(shape)
    return _scalar(shape)


def _structure(shape: Shape) -> Check:
    checks: dict[str, Check] = {}

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, dict):
            report(Problem("type", path, value, shape.type))
            return
        for name in shape.required:
            if value.get(name) is None:
                report(Problem("missing", path + name))
        for name, inner in value.items():
            one = checks.get(name)
            if one is None:
                member = shape.members.get(name)
                if member is None:
                    report(Problem("type", path + name, inner, "unknown"))
                    continue
                one = checks[name] = _check_of(member)
            one(inner, path + name if not _nests(inner) else f"{path}{name}.", report)

    return check


def _nests(value: Any) -> bool:
    return isinstance(value, (dict, list, tuple))


def _list(shape: Shape) -> Check:
    smallest, largest = shape.trait("min"), shape.trait("max")
    items: list[Check] = []

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, (list, tuple)):
            report(Problem("type", path.rstrip("."), value, "list"))
            return
        _check_length(len(value), smallest, largest, path.rstrip("."), value, report)
        if value and not items:
            items.append(_check_of(shape.member))
        for index, one in enumerate(value, 1):
            inner = f"{path}{index}.member"
            items[0](one, f"{inner}." if _nests(one) else inner, report)

    return check


def _map(shape: Shape) -> Check:
    smallest, largest = shape.trait("min"), shape.trait("max")
    parts: list[Check] = []

    def check(value: Any, path: str, report: Report) -> None:
        if not isinstance(value, dict):
            report(Problem("type", path.rstrip("."), value, "map"))
            return
        _check_length(len(value), smallest, largest, path.rstrip("."), value, report)
        if value and not parts:
            parts.extend((_check_of(shape.key), _check_of(shape.value)))
        for key, one in value.items():
            parts[0](key, f"{path}key", report)
            inner = f"{path}{key}.member"
            parts[1](one, f"{inner}." if _nests(one) else inner, report)

    return check


def _check_length(
    length: int, smallest: int | None, largest: int | None, path: str, value: Any, report: Report
) -> None:
    if smallest is not None and length < smallest:
        report(Problem("short", path, value, smallest))
    if largest is not None and length > largest:
        report(Problem("long", path, value, largest))


def _scalar(shape: Shape) -> Check:
    accepted = _TYPES[shape.type]
    smallest, largest = shape.trait("min"), shape.trait("max")
    pattern = shape.trait("pattern")
    choices = frozenset(shape.trait("enum") or ())
    ordered = list(shape.trait("enum") or ())
    is_number = shape.type in ("integer", "long", "short", "byte", "float", "double")
    is_measured = shape.type in ("string", "blob")

    def check(value: Any, path: str, report: Report) -> None:
        length_of: Any = value
        if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
            report(Problem("type", path, value, shape.type))
            return
        if is_number:
            if smallest is not None and value < smallest:
                report(Problem("small", path, value, smallest))
            if largest is not None and value > largest:
                report(Problem("large", path, value, largest))
        elif is_measured:
            _check_length(len(length_of), smallest, largest, path, value, report)
            if choices and value not in choices:
                report(Problem("enum", path, value, ordered))
            if pattern is not None and isinstance(value, str):
                matcher = compiled(pattern)
                if matcher is not None and not matcher.fullmatch(value):
                    report(Problem("pattern", path, value, pattern))

    return check


def refusal(service: str, problems: Sequence[Problem]) -> ErrorReply:
    """The answer to a request with problems, in each service's own code and words."""
    if service == "ec2":
        return _ec2_refusal(problems[0])
    code, prefix = _CODES[service]
    if service == "batch":
        return ErrorReply(code, f"{prefix}{'; '.join(_constraint(one) for one in problems)}")
    many = "errors" if len(problems) > 1 else "error"
    text = f"{len(problems)} validation {many} detected: {'; '.join(_constraint(one) for one in problems)}"
    return ErrorReply(code, prefix + text)


_CODES = {
    "iam": ("ValidationError", ""),
    "sts": ("ValidationError", ""),
    "autoscaling": ("ValidationError", ""),
    "batch": ("ClientException", "Error executing request, Exception : "),
    "ecs": ("InvalidParameterException", ""),
    "eks": ("InvalidParameterException", ""),
    "logs": ("InvalidParameterException", ""),
    "cloudtrail": ("ValidationException", ""),
}


def _constraint(problem: Problem) -> str:
    where = lowered(problem.path)
    if problem.kind == "missing":
        return f"Value null at '{where}' failed to satisfy constraint: Member must not be null"
    value = _shown(problem.value)
    said = {
        "short": f"Member must have length greater than or equal to {problem.constraint}",
        "long": f"Member must have length less than or equal to {problem.constraint}",
        "small": f"Member must have value greater than or equal to {problem.constraint}",
        "large": f"Member must have value less than or equal to {problem.constraint}",
        "pattern": f"Member must satisfy regular expression pattern: {problem.constraint}",
        "enum": f"Member must satisfy enum value set: [{', '.join(problem.constraint or ())}]"
        if problem.kind == "enum"
        else "",
        "type": f"Member must be of the type {problem.constraint}",
    }[problem.kind]
    return f"Value '{value}' at '{where}' failed to satisfy constraint: {said}"


def lowered(path: str) -> str:
    """A path as AWS's validation writes it: each name with a lower first letter."""
    return ".".join(part[:1].lower() + part[1:] for part in path.split("."))


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_shown, value))}]"
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
