"""Signing in to the console: by a password, and by AWS's federation endpoint. Both end with credentials.

Facts: AWS sign-in user guide; IAM user guide, "Enabling custom identity broker access to the AWS console"
(getSigninToken and login); CloudTrail user guide, "AWS Management Console sign-in events". The texts of failures are
[guess] but that of wrong authentication information, which people quote from AWS's sign-in page.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from batchyard import ids
from batchyard.audit.event import Event
from batchyard.audit.trail import Trail
from batchyard.clock import microseconds, wall_now
from batchyard.data.partitions import global_region
from batchyard.framework.errors import ApiError
from batchyard.framework.ports import AccessKey
from batchyard.framework.runtime import Runtime
from batchyard.framework.signing_in import SignIn, SignInResult, SignInSource
from batchyard.framework.used_once import UsedOnce
from batchyard.gateway.authenticate import Authenticator, Keys, Refused
from batchyard.gateway.gateway import Gateway
from batchyard.gateway.sessions import Sessions
from batchyard.gateway.sign_in_failures import SignInFailures
from batchyard.identity.session import Origin, Session
from batchyard.wire.http import HttpRequest

TOKEN_SECONDS = 60
"""How long a sign-in token holds, once. AWS's holds for 15 minutes; it stands in an address, so ours is shorter."""
USUAL_SECONDS = 43200
_PURPOSE = "signin-token"

INCORRECT = "Your authentication information is incorrect. Please try again."
_TOO_MANY = "Too many failed sign-in attempts. Wait a few minutes, then try again."
_EXPIRED = (
    "Your password has expired, and you may not change it any more. Ask an administrator for a new one."
)
_USED = "The sign-in token is not valid, was used before, or is too old."


class SignInRefused(Exception):
    """A sign-in that fails; `code` tells a client what it may ask for."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ConsoleSessions:
    """Makes the credentials of who signs in."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        gateway: Gateway,
        authenticator: Authenticator,
        sessions: Sessions,
        source: SignInSource,
        trail: Trail,
    ) -> None:
        self._runtime = runtime
        self._gateway = gateway
        self._authenticator = authenticator
        self._sessions = sessions
        self._source = source
        self._trail = trail
        self._failures = SignInFailures(runtime.sole.sign_in_failures)
        self._used = UsedOnce(runtime.sole.used_signin_tokens)

    def sign_in(
        self, partition: str, asked: SignIn, *, new_password: str | None, origin: Origin
    ) -> dict[str, Any]:
        """Credentials of the user, in STS's shape; raises SignInRefused. Each try of a known user is audited.

        A password that must be changed is changed by iam:ChangePassword, under the user's own permissions.
        """
        moment = self._runtime.clock.monotonic()
        if self._failures.are_too_many(asked.account, asked.user_name, origin.source_ip, moment):
            raise SignInRefused("TooManyAttempts", _TOO_MANY)
        now = wall_now().replace(microsecond=0)
        with self._runtime.store.read() as tx:
            result = self._source.check(tx, partition, asked, now=self._runtime.clock.now())
        if result.refusal == "code-needed":
            raise SignInRefused("MfaRequired", "Enter the code that your MFA device shows.")
        if result.user is None:
            self._failures.note(asked.account, asked.user_name, origin.source_ip, moment)
            raise SignInRefused("AuthenticationFailed", INCORRECT)
        session, credentials = self._issue(result.user, result, now)
        if result.refusal is not None:
            self._failures.note(asked.account, asked.user_name, origin.source_ip, moment)
            self._audit(result.user, session, origin, "Failed authentication")
            raise SignInRefused(
                "AuthenticationFailed", _EXPIRED if result.refusal == "expired" else INCORRECT
            )
        if result.must_change:
            self._change(session, asked, new_password, origin)
        self._failures.forget(asked.account, asked.user_name)
        self._audit(result.user, session, origin, None)
        return credentials

    def signin_token(self, keys: Keys, secret: str, seconds: int | None, http: HttpRequest) -> str:
        """The single-use token of who holds these credentials (Action=getSigninToken).

        Raises SignInRefused for credentials that are unknown, wrong or over.

        Temporary credentials stay the same in the console; of an access key a session of its holder is made.
        """
        try:
            session = self._authenticator.holder(keys, secret, "aws", http)
        except Refused as error:
            raise SignInRefused(error.kind, error.message) from None
        now = wall_now().replace(microsecond=0)
        credentials: dict[str, Any]
        if keys.session_token and session.expires_at is not None:
            credentials = {
                "AccessKeyId": keys.access_key_id,
                "SecretAccessKey": secret,
                "SessionToken": keys.session_token,
                "Expiration": session.expires_at,
            }
        else:
            ends = now + timedelta(seconds=seconds or USUAL_SECONDS)
            credentials = self._sessions.carry_into_console(session, issued_at=now, expires_at=ends)
        claims = {
            "id": ids.uuid4(),
            "until": (now + timedelta(seconds=TOKEN_SECONDS)).timestamp(),
            "key": credentials["AccessKeyId"],
            "secret": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expires": credentials["Expiration"].timestamp(),
        }
        return self._runtime.keyring.seal(_PURPOSE, claims)

    def redeem(self, token: str) -> dict[str, Any]:
        """What a sign-in token stands for, once: `key`, `secret`, `token`, `expires`; SignInRefused afterwards."""
        claims: dict[str, Any] | None = self._runtime.keyring.open(_PURPOSE, token)
        now = wall_now().timestamp()
        self._used.forget(before=now)
        if claims is None or claims["until"] <= now or not self._used.take(claims["id"], claims["until"]):
            raise SignInRefused("InvalidSigninToken", _USED)
        return claims

    def _issue(self, user: AccessKey, result: SignInResult, now: datetime) -> tuple[Session, dict[str, Any]]:
        ends = now + timedelta(seconds=result.max_seconds or USUAL_SECONDS)
        epoch = self._runtime.epochs.of(user.account)
        return self._sessions.issue_console(user, epoch=epoch, issued_at=now, expires_at=ends, mfa=result.mfa)

    def _change(self, session: Session, asked: SignIn, new_password: str | None, origin: Origin) -> None:
        if new_password is None:
            raise SignInRefused("PasswordChangeRequired", "You must change your password to continue.")
        call = self._source.change(asked, new_password, origin, region=global_region(session.partition))
        try:
            self._gateway.invoke(session, call)
        except ApiError as error:
            raise SignInRefused(error.code, error.message) from None

    def _audit(self, user: AccessKey, session: Session, origin: Origin, error: str | None) -> None:
        """The event ConsoleLogin of a user that is there; of a name that nobody has AWS tells none of the account."""
        at = self._runtime.clock.now()
        event = Event(
            caller=session,
            event_id=ids.uuid7(microseconds(at)),
            event_time=at,
            region=global_region(user.partition),
            source="signin.amazonaws.com",
            name="ConsoleLogin",
            read_only=False,
            request_id=origin.request_id,
            source_ip=origin.source_ip,
            user_agent=origin.user_agent,
            request=None,
            response={"ConsoleLogin": "Failure" if error else "Success"},
            error_message=error,
        )

        def write(tx: Any) -> None:
            self._trail.write(tx, [event])
            if error is None:
                self._source.note(tx, user, now=at)

        self._runtime.store.write(write)
