"""Reads an instance's user data for the cluster that it shall join, as the container agent's configuration says."""

from __future__ import annotations

import base64
import binascii
import email
import re

_CLUSTER = re.compile(r"ECS_CLUSTER\s*=\s*[\"']?([A-Za-z0-9_-]{1,255})")


def cluster_of(user_data: str | None) -> str | None:
    """The `ECS_CLUSTER=<name>` of base64 user data: a script, or a MIME multipart of several.

    None where there is none; the last one counts, as in /etc/ecs/ecs.config.
    """
    if not user_data:
        return None
    try:
        raw = base64.b64decode(user_data, validate=False)
    except (binascii.Error, ValueError):
        return None
    found = [name for text in _texts(raw) for name in _CLUSTER.findall(text)]
    return found[-1] if found else None


def _texts(raw: bytes) -> list[str]:
    message = email.message_from_bytes(raw)
    if not message.is_multipart():
        return [raw.decode("utf-8", "replace")]
    texts: list[str] = []
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            texts.append(payload.decode("utf-8", "replace"))
    return texts
