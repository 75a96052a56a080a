"""Results as XML by shape: what query and ec2 answers share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from batchyard.wire.errors import ErrorReply
from batchyard.wire.model import Model, Shape
from batchyard.wire.scalars import write_text

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def structure(shape: Shape, value: Mapping[str, Any], out: list[str]) -> None:
    """Write a structure's members."""
    for name, inner in value.items():
        member = shape.members.get(name)
        if member is not None and inner is not None and not member.trait("xmlAttribute"):
            _element(member.trait("locationName") or name, member, inner, out)


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
    return escape(_UNPRINTABLE.sub("\ufffd", value), {"\r": "&#13;"})


def _element(name: str, shape: Shape, value: Any, out: list[str]) -> None:
    if shape.type == "structure":
        out.append(f"<{name}{_attributes(shape, value)}>")
        structure(shape, value, out)
        out.append(f"</{name}>")
    elif shape.type == "list":
        _list(name, shape, value, out)
    elif shape.type == "map":
        _map(name, shape, value, out)
    else:
        out.append(f"<{name}>{text(write_text(shape, value, timestamps='iso8601'))}</{name}>")


def _attributes(shape: Shape, value: Mapping[str, Any]) -> str:
    written = ""
    namespace = shape.trait("xmlNamespace")
    if isinstance(namespace, dict) and namespace.get("prefix"):
        written += f" xmlns:{namespace['prefix']}={quoteattr(namespace['uri'])}"
    for name, member in shape.members.items():
        if member.trait("xmlAttribute") and value.get(name) is not None:
            written += f" {member.trait('locationName') or name}={quoteattr(str(value[name]))}"
    return written


def _list(name: str, shape: Shape, value: Any, out: list[str]) -> None:
    item = shape.member
    if shape.trait("flattened"):
        for one in value:
            _element(item.trait("locationName") or name, item, one, out)
        return
    out.append(f"<{name}>")
    for one in value:
        _element(item.trait("locationName") or "member", item, one, out)
    out.append(f"</{name}>")


def _map(name: str, shape: Shape, value: Mapping[str, Any], out: list[str]) -> None:
    flattened = shape.trait("flattened")
    entry = name if flattened else "entry"
    if not flattened:
        out.append(f"<{name}>")
    for key, one in value.items():
        out.append(f"<{entry}>")
        _element(shape.key.trait("locationName") or "key", shape.key, key, out)
        if one is not None:
            _element(shape.value.trait("locationName") or "value", shape.value, one, out)
        out.append(f"</{entry}>")
    if not flattened:
        out.append(f"</{name}>")
