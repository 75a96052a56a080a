"""An operation: a function with what the framework must know about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Target, Values

if TYPE_CHECKING:
    from batchyard.framework.context import Context

OperationFunction = Callable[["Context", Any], Mapping[str, Any] | None]
Unsigned = Callable[[Mapping[str, Any]], tuple[str, str] | None]
Conditions = Callable[["Context", dict[str, Any]], Mapping[str, Values]]


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """One built operation of a service.

    on: targets, evaluated in order; each check must be allowed.
    passes: roles handed over (iam:PassRole), checked after `on`.
    writes: the function runs on the writer, in a savepoint; else on a snapshot.
    tags: path of the request's tags (list of {Key, Value} or {key, value}, a map, or EC2's TagSpecifications):
        gives aws:RequestTag/… and aws:TagKeys. tag_keys: path of a list of keys (untag operations).
    conditions: further condition keys of every check of this call.
    honours: top-level or dotted members that are honoured; anything else given is refused with 501. None: all.
    unsigned: the operation takes no signature (one that is there is not looked at); whose partition and account a
        call is for, from its request, or None where that does not tell.
    refuses: members refused with 501 when given with anything but a neutral value (None, False, empty).
    takes_reserved_tags: AWS takes tags here whose keys begin with `aws:`.
    """

    name: str
    function: OperationFunction
    on: Sequence[Target]
    passes: Sequence[Target] = ()
    writes: bool = False
    tags: str | None = None
    tag_keys: str | None = None
    conditions: Conditions | None = None
    action: str | None = None
    honours: frozenset[str] | None = None
    refuses: tuple[str, ...] = field(default=())
    unsigned: Unsigned | None = None
    takes_reserved_tags: bool = False
    read_only: bool | None = None
    """CloudTrail's readOnly, where it is not simply `not writes`; such an event keeps its answer (AssumeRole)."""

    def refused_member(self, request: Mapping[str, Any]) -> str | None:
        """The first member of the request that is not honoured here, or None."""
        if self.honours is not None:
            for member in request:
                if member not in self.honours:
                    return member
        for path in self.refuses:
            first, _, rest = path.partition(".")
            if first in request and _is_given(request[first], rest.split(".") if rest else []):
                return path
        return None


def _is_given(value: Any, path: list[str]) -> bool:
    if not path:
        return not (value is None or value is False or value in ({}, [], ""))
    if isinstance(value, (list, tuple)):
        return any(_is_given(item, path) for item in value)
    return isinstance(value, Mapping) and path[0] in value and _is_given(value[path[0]], path[1:])
