"""Encoded authorization messages: why a call was denied, sealed for those who may decode it (STS API reference)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from batchyard.identity.keyring import Keyring

LONGEST = 10240
"""What sts:DecodeAuthorizationMessage takes, in characters."""

_INTRODUCTION = " Encoded authorization failure message: "


def encode(keyring: Keyring, partition: str, account: str, document: Mapping[str, Any]) -> str | None:
    """The document as text that only this server opens, for this account; None where it would be too long."""
    text = keyring.seal(_purpose(partition, account), document)
    return text if len(text) <= LONGEST else None


def decode(keyring: Keyring, partition: str, account: str, text: str) -> str | None:
    """The document as JSON; None where the text was altered, or belongs to another account or use."""
    document = keyring.open(_purpose(partition, account), text)
    return None if document is None else orjson.dumps(document).decode()


def introduced(message: str, encoded: str) -> str:
    """A denial with its encoded message, as EC2 words it."""
    return f"{message}.{_INTRODUCTION}{encoded}"


def without_encoded(message: str) -> str:
    """A denial as it reads each time: the encoded message, which never is the same twice, is left out."""
    plain, found, _ = message.partition(f".{_INTRODUCTION}")
    return plain if found else message


def _purpose(partition: str, account: str) -> str:
    return f"authorization message of {partition} {account}"
