"""The BinaryEquals operator: bytes, written in base64 on both sides."""

from __future__ import annotations

import base64
import binascii
import operator

from batchyard.policy.conditions.operator import Operator, ordered


def to_bytes(text: str) -> bytes | None:
    """The bytes, or None where the text is no base64 with its own padding (probed: `abc` and `YWJj==` are none)."""
    if len(text) % 4:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_base64(text: str) -> bool:
    return to_bytes(text) is not None


OPERATORS = (Operator("BinaryEquals", ordered(to_bytes, operator.eq), is_value=_is_base64),)
