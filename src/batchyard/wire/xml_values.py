"""Results as XML by shape: what query and ec2 answers share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from batchyard.wire.errors import ErrorReply
from batchyard.wire.model import Model, Shape
from batchyard.wire.scalars import write_text

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


Write = Callable[[Any, list[str]], None]


def structure(shape: Shape, value: Mapping[str, Any], out: list[str]) -> None:
    """Write a structure's members; what is None or not of the shape is left out."""
    writers: dict[str, Write | None] = shape.compiled.setdefault("xml", {})
    for name, inner in value.items():
        if inner is None:
            continue
        if name in writers:
            write = writers[name]
        else:
            member = shape.members.get(name)
            given = None if member is None or member.trait("xmlAttribute") else member
            write = writers[name] = None if given is None else _element(_name_of(given, name), given)
        if write is not None:
            write(inner, out)


def _name_of(shape: Shape, name: str) -> str:
    return str(shape.trait("locationName") or name)


def error_members(model: Model, error: ErrorReply) -> str:
    """The members that a modelled error has beside those of every error."""
    declared = model.error_shape(error.code)
    if declared is None:
        return ""
    out: list[str] = []
    further = {
        name: value
        for name, value in error.members.items()
        if name.lower() not in ("message", "code", "type")
    }
    structure(declared.shape, further, out)
    return "".join(out)


def text(value: str) -> str:
    """Character data; what XML cannot hold at all becomes U+FFFD."""
    if _SPECIAL.search(value) is None:
        return value
    return escape(_UNPRINTABLE.sub("\ufffd", value), {"\r": "&#13;"})


def _element(name: str, shape: Shape) -> Write:
    """What writes a member under a name, made once for each shape and name."""
    kept: dict[str, Write] = shape.compiled.setdefault("xml element", {})
    found = kept.get(name)
    if found is None:
        make = {"structure": _structure_writer, "list": _list_writer, "map": _map_writer}
        found = kept[name] = make.get(shape.type, _scalar_writer)(name, shape)
    return found


def _scalar_writer(name: str, shape: Shape) -> Write:
    opening, closing = f"<{name}>", f"</{name}>"
    if shape.type == "string":

        def write_string(value: Any, out: list[str]) -> None:
            out.append(f"{opening}{text(value if type(value) is str else str(value))}{closing}")

        return write_string

    def write(value: Any, out: list[str]) -> None:
        out.append(f"{opening}{text(write_text(shape, value, timestamps='iso8601'))}{closing}")

    return write


def _structure_writer(name: str, shape: Shape) -> Write:
    closing = f"</{name}>"
    attributes = {
        one: _name_of(member, one) for one, member in shape.members.items() if member.trait("xmlAttribute")
    }
    namespace = shape.trait("xmlNamespace")
    prefixed = isinstance(namespace, dict) and namespace.get("prefix")
    start = f"<{name} xmlns:{prefixed}={quoteattr(namespace['uri'])}" if prefixed else f"<{name}"

    def write(value: Any, out: list[str]) -> None:
        out.append(start)
        for one, attribute in attributes.items():
            if value.get(one) is not None:
                out.append(f" {attribute}={quoteattr(str(value[one]))}")
        out.append(">")
        structure(shape, value, out)
        out.append(closing)

    return write


def _list_writer(name: str, shape: Shape) -> Write:
    item, flattened = shape.member, shape.trait("flattened")
    item_name = _name_of(item, name if flattened else "member")

    def write(value: Any, out: list[str]) -> None:
        write_item = _element(item_name, item)
        if not flattened:
            out.append(f"<{name}>")
        for one in value:
            write_item(one, out)
        if not flattened:
            out.append(f"</{name}>")

    return write


def _map_writer(name: str, shape: Shape) -> Write:
    flattened = shape.trait("flattened")
    entry = name if flattened else "entry"
    key_name, value_name = _name_of(shape.key, "key"), _name_of(shape.value, "value")

    def write(value: Any, out: list[str]) -> None:
        write_key, write_value = _element(key_name, shape.key), _element(value_name, shape.value)
        if not flattened:
            out.append(f"<{name}>")
        for key, one in value.items():
            out.append(f"<{entry}>")
            write_key(key, out)
            if one is not None:
                write_value(one, out)
            out.append(f"</{entry}>")
        if not flattened:
            out.append(f"</{name}>")

    return write
