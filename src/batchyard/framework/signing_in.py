"""Signing in by a password: what the gateway asks of IAM, which keeps the passwords."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from batchyard.framework.ports import AccessKey
from batchyard.identity.session import Call, Origin
from batchyard.store.transaction import Transaction

Refusal = Literal["unknown", "incorrect", "code-needed", "code-incorrect", "expired"]
"""Why a sign-in fails: no such user, or it has no password; the password is wrong; the user has an MFA device and gave
no code, or a wrong code; the password is over and may not be changed by its user any more."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person types: the account's id or alias, the user's name, the password, and an MFA device's code."""

    account: str
    user_name: str
    password: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class SignInResult:
    """Who it is, where that is known, and why the sign-in fails; `refusal` is None where it does not."""

    user: AccessKey | None
    """The user, without a key: `access_key_id` and `secret_access_key` are empty."""
    refusal: Refusal | None = None
    mfa: bool = False
    must_change: bool = False
    """The password holds for changing it, and for nothing else."""
    max_seconds: int | None = None
    """How long the session may last, where the login profile says so."""


class SignInSource(Protocol):
    """Checks passwords; IAM's."""

    def check(self, tx: Transaction, partition: str, asked: SignIn, *, now: datetime) -> SignInResult:
        """Whether this is the user's password, and the code that the user's MFA device shows now."""

    def change(self, asked: SignIn, new_password: str, origin: Origin, *, region: str) -> Call:
        """The call by which the user, once known, changes the password."""

    def note(self, tx: Transaction, user: AccessKey, *, now: datetime) -> None:
        """Keep that the user has signed in: PasswordLastUsed."""
