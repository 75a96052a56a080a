"""Users' console passwords: create, get, update, delete; and users who change their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam.credentials import passwords
from batchyard.services.iam.credentials.password_policies import find_password_policy
from batchyard.services.iam.nouns import USER
from batchyard.services.iam.resources import own_or_named, user, user_name
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import login_profiles
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from typing import NotRequired

    from types_boto3_iam.type_defs import (
        ChangePasswordRequestTypeDef,
        CreateLoginProfileRequestTypeDef,
        DeleteLoginProfileRequestTypeDef,
        GetLoginProfileRequestTypeDef,
        UpdateLoginProfileRequestTypeDef,
    )

    class _Update(UpdateLoginProfileRequestTypeDef):
        """With what botocore's model has and types-boto3 has not yet."""

        MaxSigninSessionDuration: NotRequired[int]
        ResetMaxSigninSessionDuration: NotRequired[bool]


MOST_FORMER = 24
"""PasswordReusePrevention looks back no further (botocore)."""

_PROFILE = Prepared(select(login_profiles).where(login_profiles.c.user_id == bindparam("owner")))


def find_profile(ctx: Context, owner: Row) -> Row | None:
    """The user's login profile, or None."""
    return ctx.read.first(_PROFILE, owner=owner.id)


def _require(ctx: Context, owner: Row) -> Row:
    """The same; raises NoSuchEntity (text recorded: SNAP)."""
    profile = find_profile(ctx, owner)
    if profile is None:
        raise iam.error.NoSuchEntityException(f"Login Profile for User {owner.name} cannot be found.")
    return profile


def _shape(owner: Row, profile: Row) -> dict[str, Any]:
    shape = {
        "UserName": owner.name,
        "CreateDate": profile.created_at,
        "PasswordResetRequired": bool(profile.reset_required),
    }
    if profile.max_signin_seconds is not None:
        shape["MaxSigninSessionDuration"] = profile.max_signin_seconds
    return {"LoginProfile": shape}


@iam.operation(on=own_or_named, writes=True)
def create_login_profile(ctx: Context, request: CreateLoginProfileRequestTypeDef) -> dict[str, Any]:
    """Give a user a password; a second is EntityAlreadyExists (text recorded: SNAP)."""
    owner = USER.require(ctx, user_name(ctx, request))
    if "Password" not in request:
        # Only sessions of AssumeRoot, which is not built, may leave it out (botocore).
        raise ApiError(
            "ValidationError",
            "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be"
            " null",
        )
    if find_profile(ctx, owner) is not None:
        raise iam.error.EntityAlreadyExistsException(f"Login Profile for user {owner.name} already exists.")
    passwords.check(request["Password"], find_password_policy(ctx))
    salt = passwords.new_salt()
    now = ctx.now.replace(microsecond=0)
    ctx.write.run(
        insert(login_profiles).values(
            user_id=owner.id,
            account=ctx.account,
            salt=salt,
            digest=passwords.digest(request["Password"], salt),
            former_digests=[],
            reset_required=request.get("PasswordResetRequired", False),
            max_signin_seconds=request.get("MaxSigninSessionDuration"),
            created_at=now,
            changed_at=now,
        )
    )
    return _shape(owner, _require(ctx, owner))


@iam.operation(on=own_or_named)
def get_login_profile(ctx: Context, request: GetLoginProfileRequestTypeDef) -> dict[str, Any]:
    """Tell whether a user has a password, and since when."""
    owner = USER.require(ctx, user_name(ctx, request))
    return _shape(owner, _require(ctx, owner))


@iam.operation(on=user, writes=True)
def update_login_profile(ctx: Context, request: _Update) -> None:
    """Change the password, whether it must be changed, or how long a sign-in lasts; what is left out stays."""
    owner = USER.require(ctx, request["UserName"])
    profile = _require(ctx, owner)
    if "MaxSigninSessionDuration" in request and request.get("ResetMaxSigninSessionDuration"):
        # botocore: not both; the text is a guess.
        text = "MaxSigninSessionDuration and ResetMaxSigninSessionDuration cannot both be specified."
        raise iam.error.InvalidInputException(text)
    values: dict[str, Any] = {}
    if "Password" in request:
        values |= _new_password(ctx, profile, request["Password"])
    if "PasswordResetRequired" in request:
        values["reset_required"] = request["PasswordResetRequired"]
    if "MaxSigninSessionDuration" in request:
        values["max_signin_seconds"] = request["MaxSigninSessionDuration"]
    if request.get("ResetMaxSigninSessionDuration"):
        values["max_signin_seconds"] = None
    if values:
        _update(ctx, profile, values)


@iam.operation(on=own_or_named, writes=True)
def delete_login_profile(ctx: Context, request: DeleteLoginProfileRequestTypeDef) -> None:
    """Take a user's password away; keys and sessions stay."""
    owner = USER.require(ctx, user_name(ctx, request))
    _require(ctx, owner)
    ctx.write.run(delete(login_profiles).where(login_profiles.c.user_id == owner.id))


def _own(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The calling user; needs no permission where the password policy lets users change theirs (botocore)."""
    if ctx.session.kind != "user":
        # The text is in people's logs: `Only IAM Users can change their own password`.
        raise iam.error.InvalidUserTypeException("Only IAM Users can change their own password")
    policy = find_password_policy(ctx)
    if policy is not None and policy["AllowUsersToChangePassword"]:
        return []
    return [USER.check(ctx, ctx.session.name)]


@iam.operation(on=_own, writes=True)
def change_password(ctx: Context, request: ChangePasswordRequestTypeDef) -> None:
    """Change the caller's own password; a wrong old password is AccessDenied [guess], no password NoSuchEntity."""
    profile = _require(ctx, USER.require(ctx, ctx.session.name))
    if not passwords.are_equal(passwords.digest(request["OldPassword"], profile.salt), profile.digest):
        raise ApiError("AccessDenied", "The old password was incorrect.", status=403)
    _update(ctx, profile, {**_new_password(ctx, profile, request["NewPassword"]), "reset_required": False})


def _new_password(ctx: Context, profile: Row, password: str) -> dict[str, Any]:
    policy = find_password_policy(ctx)
    passwords.check(password, policy)
    digest = passwords.digest(password, profile.salt)
    former = [profile.digest, *profile.former_digests]
    passwords.check_reuse(digest, former, (policy or {}).get("PasswordReusePrevention", 0))
    return {
        "digest": digest,
        "former_digests": former[:MOST_FORMER],
        "changed_at": ctx.now.replace(microsecond=0),
    }


def _update(ctx: Context, profile: Row, values: dict[str, Any]) -> None:
    ctx.write.run(update(login_profiles).where(login_profiles.c.user_id == profile.user_id).values(**values))
