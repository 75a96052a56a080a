"""Whether a person who signs in is the user: the password, its age, and the MFA device's code."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from batchyard.framework.ports import AccessKey
from batchyard.framework.signing_in import Refusal, SignIn, SignInResult
from batchyard.identity.session import Call, Origin
from batchyard.services.iam.account.account_aliases import find_account
from batchyard.services.iam.credentials import passwords
from batchyard.services.iam.credentials.password_policies import password_policy_of
from batchyard.services.iam.ports import IamSource
from batchyard.services.iam.tables import (
    login_profiles,
    mfa_devices,
    users,
)
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

Row = Any
_ACCOUNT = re.compile(r"[0-9]{12}")
_NO_SALT = passwords.new_salt()

_PROFILE = Prepared(
    select(
        login_profiles,
        users.c.id,
        users.c.name,
        users.c.path,
    )
    .join(users, users.c.id == login_profiles.c.user_id)
    .where(
        users.c.partition == bindparam("in_partition"),
        users.c.account == bindparam("of"),
        users.c.name_key == bindparam("key"),
    )
)
_DEVICES = Prepared(select(mfa_devices).where(mfa_devices.c.user_id == bindparam("owner")))


class ConsolePasswords:
    """IAM as `framework.signing_in.SignInSource`."""

    def __init__(self, identities: IamSource) -> None:
        self._identities = identities

    def check(self, tx: Transaction, partition: str, asked: SignIn, *, now: datetime) -> SignInResult:
        """Whether this is the user's password and code. It takes as long for a user that is not there."""
        account = _account(tx, partition, asked.account)
        row = (
            None
            if account is None
            else tx.first(_PROFILE, in_partition=partition, of=account, key=asked.user_name.lower())
        )
        if account is None or row is None:
            passwords.digest(asked.password, _NO_SALT)
            return SignInResult(None, "unknown")
        user = _user(partition, account, row)
        if not passwords.are_equal(passwords.digest(asked.password, row.salt), row.digest):
            return SignInResult(user, "incorrect")
        mfa, refusal = self._second_factor(tx, user, asked.code, now)
        if refusal is not None:
            return SignInResult(user, refusal)
        over, hard = _age(tx, partition, account, row, now)
        if over and hard:
            return SignInResult(user, "expired")
        must_change = over or bool(row.reset_required)
        return SignInResult(user, mfa=mfa, must_change=must_change, max_seconds=row.max_signin_seconds)

    def change(self, asked: SignIn, new_password: str, origin: Origin, *, region: str) -> Call:
        """The call by which the user, once known, changes the password."""
        request: dict[str, object] = {"OldPassword": asked.password, "NewPassword": new_password}
        return Call("iam", "ChangePassword", request, region, origin)

    def note(self, tx: Transaction, user: AccessKey, *, now: datetime) -> None:
        """Keep that the user has signed in: PasswordLastUsed."""
        moment = now.replace(microsecond=0)
        tx.run(update(users).where(users.c.id == user.user_id).values(password_last_used_at=moment))

    def _second_factor(
        self, tx: Transaction, user: AccessKey, code: str | None, now: datetime
    ) -> tuple[bool, Refusal | None]:
        """Whether a code was given that holds; a user without a device needs none."""
        devices = tx.all(_DEVICES, owner=user.user_id)
        if not devices:
            return False, None
        if not code:
            return False, "code-needed"
        if any(self._identities.device_takes(device, code, now=now) for device in devices):
            return True, None
        return False, "code-incorrect"


def _account(tx: Transaction, partition: str, given: str) -> str | None:
    if _ACCOUNT.fullmatch(given):
        return given
    return find_account(tx, partition, given)


def _user(partition: str, account: str, row: Row) -> AccessKey:
    return AccessKey(
        access_key_id="",
        secret_access_key="",
        account=account,
        partition=partition,
        user_name=row.name,
        user_arn=f"arn:{partition}:iam::{account}:user{row.path}{row.name}",
        user_id=row.id,
    )


def _age(tx: Transaction, partition: str, account: str, row: Row, now: datetime) -> tuple[bool, bool]:
    """Whether the password is older than the account's policy allows, and whether it may still be changed."""
    settings = password_policy_of(tx, partition, account) or {}
    days = settings.get("MaxPasswordAge")
    over = days is not None and now - row.changed_at > timedelta(days=days)
    return over, bool(settings.get("HardExpiry"))
