"""requestParameters and responseElements: names, times and hidden values as each service's records have them.

The forms are those of records in AWS's guides (CloudTrail, IAM, Batch, ECS, EKS); `tests/corpus/cloudtrail` has them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from batchyard.audit.secrets import HIDDEN_VALUE
from batchyard.wire.model import Operation, Shape


def request_parameters(operation: Operation, request: Any, error_code: str | None) -> Any:
    """What was asked; None where nothing was, and in a denied call: it was refused before it was read (recorded
    for IAM and Logs; a guess for the other services)."""
    if error_code and "AccessDenied" in error_code:
        return None
    return named(request, operation.input, service=operation.model.service) or None


def response_elements(operation: Operation, response: Any) -> Any:
    """What a changing call answered; None where it answered nothing."""
    return named(response, operation.output, service=operation.model.service) or None


def named(value: Any, shape: Shape | None, *, service: str) -> Any:
    """A value with its members' first letters lowered; a map's keys are the caller's own."""
    if shape is None or shape.is_document or value is None:
        return value
    if isinstance(value, list):
        return [named(item, shape.member, service=service) for item in value]
    if shape.type == "timestamp":
        return _TIMES.get(service, in_words)(moment(value))
    if not isinstance(value, dict):
        return value
    if shape.type == "map":
        return {key: named(inner, shape.value, service=service) for key, inner in value.items()}
    return {
        name[:1].lower() + name[1:]: named(inner, shape.members.get(name), service=service)
        for name, inner in value.items()
        if not _is_left_out(service, name, inner)
    }


def _is_left_out(service: str, name: str, value: Any) -> bool:
    """IAM's and STS's records have no member for a secret (IAM guide, AssumeRole and CreateAccessKey examples).

    A session token is shown there; here it stays hidden: it holds the session itself, sealed.
    """
    return service in ("iam", "sts") and value == HIDDEN_VALUE and name != "SessionToken"


def moment(value: Any) -> datetime:
    """A time of a stored request or answer: ISO 8601 text, or seconds as the caller gave them."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def in_words(at: datetime) -> str:
    """`Jul 19, 2023 9:25:09 PM`: IAM (recorded), Auto Scaling, ECS and CloudTrail (guesses)."""
    return f"{_MONTHS[at.month - 1]} {at.day}, {at.year} {_on_the_clock(at)}"


def in_words_with_comma(at: datetime) -> str:
    """`Aug 28, 2023, 7:00:58 PM`: STS (recorded in 2023; without the second comma before)."""
    return f"{_MONTHS[at.month - 1]} {at.day}, {at.year}, {_on_the_clock(at)}"


def _on_the_clock(at: datetime) -> str:
    return f"{at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"


def in_seconds(at: datetime) -> float:
    """`1527535003.208`: EKS (recorded)."""
    return round(at.timestamp(), 3)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMES: dict[str, Callable[[datetime], Any]] = {"eks": in_seconds, "sts": in_words_with_comma}
