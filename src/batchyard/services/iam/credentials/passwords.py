"""Console passwords: how they are kept, and what an account's policy asks of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.errors import ApiError
from batchyard.services.iam.service import iam

_COST = {"n": 2**14, "r": 8, "p": 1}
"""16 MiB and some 40 ms: a digest is made on the thread that serves everybody, so it may not take longer there."""
_MEMORY = 64 * 1024 * 1024
SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
"""What RequireSymbols asks for one of (botocore, UpdateAccountPasswordPolicy)."""
DEFAULT_LENGTH = 8
DEFAULT_KINDS = 3
"""Without a policy of the account's own: at least 8 characters of three of the four kinds (IAM user guide)."""


def new_salt() -> str:
    """A user's salt. It stays through all of the user's passwords, so that one hash tells whether one returns."""
    return base64.b64encode(os.urandom(16)).decode()


def digest(password: str, salt: str) -> str:
    """The password's scrypt digest, with its cost in front so that the cost may rise one day."""
    key = hashlib.scrypt(password.encode(), salt=base64.b64decode(salt), **_COST, maxmem=_MEMORY, dklen=32)
    return f"scrypt${_COST['n']}${_COST['r']}${_COST['p']}${base64.b64encode(key).decode()}"


def are_equal(one: str, other: str) -> bool:
    """Compare two digests in a time that tells nothing."""
    return hmac.compare_digest(one, other)


def check(password: str, policy: Mapping[str, Any] | None) -> None:
    """Raise PasswordPolicyViolation where a password is too weak for the account's policy, or the default policy."""
    kinds = {
        "RequireUppercaseCharacters": any("A" <= one <= "Z" for one in password),
        "RequireLowercaseCharacters": any("a" <= one <= "z" for one in password),
        "RequireNumbers": any("0" <= one <= "9" for one in password),
        "RequireSymbols": any(one in SYMBOLS for one in password),
    }
    if policy is None:
        if len(password) < DEFAULT_LENGTH or sum(kinds.values()) < DEFAULT_KINDS:
            raise violation()
        return
    wanted = [name for name in kinds if policy[name]]
    if len(password) < policy["MinimumPasswordLength"] or not all(kinds[name] for name in wanted):
        raise violation()


def check_reuse(new_digest: str, former: Sequence[str], prevented: int) -> None:
    """Raise PasswordPolicyViolation where the password is one of the last `prevented`; `former`: newest first."""
    if any(are_equal(new_digest, one) for one in former[:prevented]):
        raise violation()


def violation() -> ApiError:
    """PasswordPolicyViolation, in the words of people's logs."""
    return iam.error.PasswordPolicyViolationException(
        "Password does not conform to the account password policy."
    )
