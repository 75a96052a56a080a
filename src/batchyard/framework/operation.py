"""An operation: a function with what the framework must know about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from batchyard.framework.check import Target, Values

if TYPE_CHECKING:
    from batchyard.framework.context import Context

OperationFunction = Callable[["Context", Any], Mapping[str, Any] | None]
Unsigned = Callable[[Mapping[str, Any]], tuple[str, str] | None]
Conditions = Callable[["Context", dict[str, Any]], Mapping[str, Values]]


class NoMembers(TypedDict):
    """The request of an operation that is asked nothing."""


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
    unsigned: the operation takes no signature (what is there is not looked at); whose partition and account a
        call is for, from its request, or None where that does not tell.
    refuses: members refused with 501 when they ask for something (see `refused_member`).
    takes_reserved_tags: AWS takes tags here whose keys begin with `aws:`.
    one_by_one: a denial is that of its resource alone; the function finds it in `ctx.denied`, and answers it there.
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
    one_by_one: bool = False
    read_only: bool | None = None
    """CloudTrail's readOnly, where it is not simply `not writes`; such an event keeps its answer (AssumeRole)."""

    def refused_member(self, request: Mapping[str, Any], defaults: Mapping[str, Any]) -> str | None:
        """The first member of the request that is not honoured here and asks for something, or None.

        What is absent, empty, False or 0 asks for nothing, nor does AWS's documented default, which `defaults` has by
        dotted path; so a value that a client gives because it has to give something is taken.
        """
        if self.honours is not None:
            for member in request:
                if member not in self.honours and self._asks(request[member], member, defaults):
                    return member
        for path in self.refuses:
            first, _, rest = path.partition(".")
            if first in request:
                values = _at(request[first], rest.split(".") if rest else [])
                if any(self._asks(value, path, defaults) for value in values):
                    return path
        return None

    def _asks(self, value: Any, path: str, defaults: Mapping[str, Any]) -> bool:
        if value in ("", 0) and not isinstance(value, bool) and path not in defaults:
            return False
        return _asks(value, path, defaults)


def _at(value: Any, path: list[str]) -> list[Any]:
    """The values at a path; a list on the way is walked through."""
    if not path:
        return [value]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _at(item, path)]
    if isinstance(value, Mapping) and path[0] in value:
        return _at(value[path[0]], path[1:])
    return []


def _asks(value: Any, path: str, defaults: Mapping[str, Any]) -> bool:
    """Does a value ask for something? Inside a structure `""` and 0 do: they may stand for taking something away."""
    if value is None:
        return False
    if path in defaults:
        known = defaults[path]
        return type(value) is not type(known) or bool(value != known)
    if isinstance(value, Mapping):
        return any(_asks(inner, f"{path}.{name}", defaults) for name, inner in value.items())
    return bool(value) if isinstance(value, (bool, list, tuple)) else True
