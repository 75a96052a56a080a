"""What the audit hides of requests and answers, as CloudTrail hides it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from batchyard.wire import model as wire_model
from batchyard.wire.model import Shape

_HIDDEN = frozenset(
    {
        "SecretAccessKey",
        "SessionToken",
        # Whoever has one of these before it is over gets a session with it.
        "WebIdentityToken",
        "SAMLAssertion",
        "Password",
        "OldPassword",
        "NewPassword",
        "PrivateKey",
        "AddPrivateKey",
        "Base32StringSeed",
        "QRCodePNG",
        "ServicePassword",
        "ServiceCredentialSecret",
        "KeyMaterial",
        "UserData",
        # What jobs print is CloudWatch Logs' to keep, for those who may read it there.
        "logEvents",
    }
)
HIDDEN_VALUE = "HIDDEN_DUE_TO_SECURITY_REASONS"


def without_secrets(value: Any) -> Any:
    """A copy in which secrets are hidden."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN_VALUE if key in _HIDDEN else without_secrets(inner) for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    return value


@functools.lru_cache(maxsize=4096)
def may_hold_secrets(service: str, operation: str) -> tuple[bool, bool]:
    """Whether the request and the answer of an operation have members to hide: most have none, and need no copy.

    What is no operation (ConsoleLogin) has no model that tells, so it is looked through.
    """
    found = wire_model.load(service).operations.get(operation)
    if found is None:
        return True, True
    return _has_hidden(found.input, set()), _has_hidden(found.output, set())


def _has_hidden(shape: Shape | None, seen: set[str]) -> bool:
    if shape is None or shape.name in seen:
        return False
    seen.add(shape.name)
    if shape.is_document:
        return True
    if shape.type == "structure":
        return any(name in _HIDDEN or _has_hidden(inner, seen) for name, inner in shape.members.items())
    if shape.type == "list":
        return _has_hidden(shape.member, seen)
    return shape.type == "map" and _has_hidden(shape.value, seen)
