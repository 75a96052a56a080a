"""Form-encoded requests as a tree, and shapes read from it: what query and ec2 share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from batchyard.wire.errors import WireError
from batchyard.wire.http import HttpRequest
from batchyard.wire.model import Shape
from batchyard.wire.scalars import NotThatType, parse_text

DEEPEST = 64
MOST_PARAMETERS = 20_000
MOST_PARTS = 100_000
"""Of the names of all parameters together: `Filter.1.Value.2` has four."""


class Node:
    """A parameter, and those whose names go on from it."""

    __slots__ = ("children", "value")

    def __init__(self) -> None:
        self.value: str | None = None
        self.children: dict[str, Node] = {}


def read_form(http: HttpRequest) -> dict[str, str]:
    """The parameters of a request, from its query string or its body. Raises WireError."""
    try:
        text = http.query if http.method == "GET" else http.body.decode("ascii")
        if text.count("&") >= MOST_PARAMETERS:  # before they become so many strings
            raise WireError("MalformedQueryString", "Too many parameters.")
        pairs = text.split("&") if text else []
        form: dict[str, str] = {}
        for pair in pairs:
            name, _, value = pair.partition("=")
            form[_decoded(name)] = _decoded(value)
    except UnicodeDecodeError as error:
        raise WireError("MalformedQueryString", "The query string contains a syntax error.") from error
    return form


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def tree(form: dict[str, str]) -> Node:
    """The parameters as a tree along the dots in their names."""
    root = Node()
    left = MOST_PARTS
    for name, value in form.items():
        node = root
        parts = name.split(".")
        left -= len(parts)
        if left < 0:
            raise WireError("MalformedQueryString", "Too many parameters.")
        if len(parts) > DEEPEST:
            raise WireError("MalformedQueryString", f"The parameter {name[:80]} nests too deep.")
        for part in parts:
            found = node.children.get(part)
            if found is None:
                found = node.children[part] = Node()
            node = found
        node.value = value
    return root


class FormReader:
    """Reads shapes from a tree; `name_of` says what a protocol calls a member."""

    def __init__(self, *, name_of: Callable[[str, Shape], str], flat_lists: bool) -> None:
        self._name_of = name_of
        self._flat_lists = flat_lists

    def structure(self, shape: Shape, node: Node) -> dict[str, Any]:
        """A structure's members that the tree has."""
        result: dict[str, Any] = {}
        for name, wire, member in self._table(shape):
            found = self._descend(node, wire)
            if found is not None and name not in result:
                value = self._value(name, member, found)
                if value is not None:
                    result[name] = value
        return result

    def _table(self, shape: Shape) -> list[tuple[str, tuple[str, ...], Shape]]:
        known: list[tuple[str, tuple[str, ...], Shape]] | None = shape.compiled.get("form")
        if known is None:
            known = shape.compiled["form"] = [
                (name, tuple(wire.split(".")), member)
                for name, member in shape.members.items()
                for wire in self._wire_names(name, member)
            ]
        return known

    def _wire_names(self, name: str, member: Shape) -> list[str]:
        names = [self._name_of(name, member)]
        if member.type == "list" and member.trait("flattened") and not self._flat_lists:
            # botocore sends a flattened list under the name of its items, Smithy's clients under its own.
            of_items = member.member.trait("locationName")
            return [str(of_items), *names] if of_items and of_items not in names else names
        return names

    def _descend(self, node: Node, wire: tuple[str, ...]) -> Node | None:
        found: Node | None = node
        for part in wire:
            found = found.children.get(part) if found is not None else None
        return found

    def _value(self, name: str, shape: Shape, node: Node) -> Any:
        if shape.type == "structure":
            return self.structure(shape, node)
        if shape.type == "list":
            return self._list(name, shape, node)
        if shape.type == "map":
            return self._map(name, shape, node)
        if node.value is None:
            return None
        try:
            return parse_text(shape, node.value)
        except NotThatType as error:
            raise WireError("MalformedInput", f"{name} is not of the type {shape.type}") from error

    def _list(self, name: str, shape: Shape, node: Node) -> list[Any]:
        item = shape.member
        items: Node | None = node
        if not (self._flat_lists or shape.trait("flattened")):
            items = node.children.get(item.trait("locationName") or "member") or node.children.get("member")
        if items is None:
            return []
        found = []
        for index in _numbered(items):
            value = self._value(name, item, items.children[index])
            if value is not None:
                found.append(value)
        return found

    def _map(self, name: str, shape: Shape, node: Node) -> dict[str, Any]:
        entries = node if shape.trait("flattened") else node.children.get("entry")
        if entries is None:
            return {}
        key_name = shape.key.trait("locationName") or "key"
        value_name = shape.value.trait("locationName") or "value"
        found: dict[str, Any] = {}
        for index in _numbered(entries):
            entry = entries.children[index]
            key = entry.children.get(key_name)
            value = entry.children.get(value_name)
            if key is not None and key.value is not None and value is not None:
                found[key.value] = self._value(name, shape.value, value)
        return found


def _numbered(node: Node) -> list[str]:
    return sorted(
        (one for one in node.children if one.isdigit() and one.isascii()), key=lambda one: (len(one), one)
    )
