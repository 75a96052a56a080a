"""Time-based one-time codes (RFC 6238), as authenticator apps show them: seeds, pictures, checks."""

from __future__ import annotations

import base64
import hmac
import io
import os
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_SECONDS = 30
DIGITS = 6
SEED_BYTES = 40
"""AWS's seeds are 64 characters in base32."""
USUAL_DRIFT = 2
WIDE_DRIFT = 120
"""How many steps a device's clock may be off: a minute; an hour when it is resynchronized [guess]."""


def new_seed() -> str:
    """A seed in base32, from a cryptographic source."""
    return base64.b32encode(os.urandom(SEED_BYTES)).decode()


def are_consecutive(seed: str, codes: tuple[str, str], *, now: datetime, around: int) -> bool:
    """Whether the codes are those of two steps in a row, begun within `around` steps of the present step."""
    generator = TOTP(base64.b32decode(seed), DIGITS, SHA1(), STEP_SECONDS)
    present = int(now.timestamp())
    found = False
    for step in range(-around - 1, around + 1):
        at = max(0, present + step * STEP_SECONDS)
        shown = (generator.generate(at), generator.generate(at + STEP_SECONDS))
        found |= all(hmac.compare_digest(one, code.encode()) for one, code in zip(shown, codes, strict=True))
    return found


def step_of(seed: str, code: str, *, now: datetime, around: int) -> int | None:
    """The number of the step that shows this code, within `around` steps of the present step; None where none does."""
    generator = TOTP(base64.b32decode(seed), DIGITS, SHA1(), STEP_SECONDS)
    present = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(max(0, present - around), present + around + 1):
        if hmac.compare_digest(generator.generate(step * STEP_SECONDS), code.encode()):
            found = step
    return found


def picture(seed: str, name: str, *, issuer: str) -> bytes:
    """The QR code that an authenticator app reads, as PNG."""
    import segno  # Its tables take a while to load, and few commands need them.

    generator = TOTP(base64.b32decode(seed), DIGITS, SHA1(), STEP_SECONDS)
    out = io.BytesIO()
    segno.make_qr(generator.get_provisioning_uri(name, issuer)).save(out, kind="png", scale=5)
    return out.getvalue()
