"""Tags whose keys begin with `aws:`: only AWS's services set and remove them. One check, for every tag of a request.

Where an operation's requests have tags, botocore's model says: no operation has to remember it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from batchyard.framework.check import members
from batchyard.framework.errors import ApiError

if TYPE_CHECKING:
    from batchyard.framework.context import Context
    from batchyard.identity.session import Session
    from batchyard.wire.model import Operation, Shape

PREFIX = "aws:"
"""In any case of letters (awsdocs/amazon-ecs-developer-guide#72)."""

ReservedTag = Callable[["Context", str], ApiError]
"""A service's refusal of such a tag at a path of its request: `Tags`, `computeResources.tags`."""


@dataclass(frozen=True, slots=True)
class TagPlace:
    """Where requests of an operation have tags: in a map, in a list of {Key, Value}, or keys to remove."""

    path: str
    form: Literal["map", "list", "keys"]

    def keys(self, request: Mapping[str, Any]) -> Iterator[str]:
        """The keys of the tags that stand there."""
        for found in members(request, self.path):
            if self.form == "map":
                yield from found
            else:
                key = found if self.form == "keys" else found.get("Key", found.get("key"))
                yield str(key or "")


def is_reserved(key: str) -> bool:
    """Whether a tag with this key is not for users to give."""
    return key.lower().startswith(PREFIX)


def is_of_aws(session: Session) -> bool:
    """Whether a service of AWS acts, by itself or in a role that it assumed: then such tags are its own."""
    return session.kind == "service" or session.acted_for is not None


def reserved_place(operation: Operation, request: Mapping[str, Any]) -> str | None:
    """The path of the first reserved tag in a request; None where there is none."""
    for place in places_of(operation):
        if any(map(is_reserved, place.keys(request))):
            return place.path
    return None


def places_of(operation: Operation) -> tuple[TagPlace, ...]:
    """Every place where requests of an operation have tags."""
    shape = operation.input
    if shape is None:
        return ()
    found: tuple[TagPlace, ...] | None = shape.compiled.get("tag places")
    if found is None:
        found = shape.compiled["tag places"] = tuple(_find(shape, (), frozenset()))
    return found


def _find(shape: Shape, path: tuple[str, ...], within: frozenset[str]) -> Iterator[TagPlace]:
    name = path[-1].lower() if path else ""
    if shape.type == "list":
        inner = shape.member
        if name == "tagkeys" and inner.type == "string":
            yield TagPlace(".".join(path), "keys")
        elif name.endswith("tags") and inner.type == "structure":
            yield TagPlace(".".join(path), "list")
        else:
            yield from _find(inner, path, within)
    elif shape.type == "map" and name.endswith("tags"):
        yield TagPlace(".".join(path), "map")
    elif shape.type == "structure" and shape.name not in within:
        for member, inner in shape.members.items():
            yield from _find(inner, (*path, member), within | {shape.name})
