"""Scalars in text: timestamps, blobs, numbers; as the protocols that have no types of their own write them."""

from __future__ import annotations

import base64
import binascii
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from batchyard.wire.model import Shape


class NotThatType(Exception):
    """A value is not of the type that its shape asks for."""


def parse_timestamp(value: Any) -> datetime:
    """Epoch seconds (number or text), ISO 8601 or an HTTP date, as an aware UTC time."""
    try:
        if isinstance(value, bool):
            raise NotThatType("timestamp")
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
        text = str(value).strip()
        if "," in text:
            return parsedate_to_datetime(text).astimezone(UTC)
        if "-" in text[1:] and "e-" not in text.lower():
            return _iso(text)
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError, TypeError) as error:
        raise NotThatType("timestamp") from error


def _iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def write_timestamp(value: Any, form: str) -> str | int | float:
    """A time as `iso8601`, `rfc822` or `unixTimestamp` (an integer where there is no fraction)."""
    if isinstance(value, (int, float)):
        value = datetime.fromtimestamp(value, UTC)
    if form == "iso8601":
        text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{text}.{value.microsecond // 1000:03}Z" if value.microsecond >= 1000 else f"{text}Z"
    if form == "rfc822":
        return str(value.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"))
    seconds = value.timestamp()
    return int(seconds) if seconds == int(seconds) else round(seconds, 3)


def parse_blob(value: Any) -> bytes:
    """Base64 text as bytes."""
    if not isinstance(value, str):
        raise NotThatType("blob")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotThatType("blob") from error


def write_blob(value: Any) -> str:
    """Bytes (or text) as base64."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


WIDTHS = {"byte": 8, "short": 16, "integer": 32, "long": 64}
"""How many bits the whole numbers of each type have, one of them for the sign."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")


def fits(kind: str, value: int) -> bool:
    """Whether a whole number is within its type."""
    limit = 1 << (WIDTHS[kind] - 1)
    return -limit <= value < limit


def parse_text(shape: Shape, text: str) -> Any:
    """A scalar that travels as text (query, headers, URI) in its shape's type."""
    kind = shape.type
    if kind in ("string", "character"):
        return text
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise NotThatType("boolean")
        return text.lower() == "true"
    if kind in WIDTHS:
        if not _WHOLE.fullmatch(text) or not fits(kind, int(text)):
            raise NotThatType(kind)
        return int(text)
    if kind in ("float", "double"):
        if "_" in text:
            raise NotThatType(kind)
        try:
            return float(text)
        except ValueError as error:
            raise NotThatType(kind) from error
    if kind == "timestamp":
        return parse_timestamp(text)
    if kind == "blob":
        return parse_blob(text)
    raise NotThatType(kind)


def write_text(shape: Shape, value: Any, *, timestamps: str) -> str:
    """A scalar as text; `timestamps` is the protocol's usual form, which the shape may override."""
    kind = shape.type
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return str(write_timestamp(value, shape.trait("timestampFormat") or timestamps))
    if kind == "blob":
        return write_blob(value)
    if kind in ("float", "double"):
        return write_float(value)
    return str(value)


def write_float(value: Any) -> str:
    """A float as text, with AWS's words for what is no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return repr(float(value)) if isinstance(value, float) else str(value)
