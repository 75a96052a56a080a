"""Who signed this request? From a signature to a Session: development credentials, access keys, session tokens."""

from __future__ import annotations

import functools
import hmac
import re
from collections.abc import Callable
from typing import NamedTuple

from batchyard.clock import wall_now
from batchyard.framework.ports import AccessKey, CredentialSource
from batchyard.gateway.denial import denied_here
from batchyard.gateway.sessions import Sessions, anonymous_session, root_session
from batchyard.gateway.signing_scope import check_scope
from batchyard.gateway.sigv4 import (
    AuthenticationFailure,
    Claim,
    read_claim,
    verify,
    verify_against_nothing,
)
from batchyard.identity.epochs import Epochs
from batchyard.identity.session import Session
from batchyard.store.store import Store
from batchyard.wire.http import HttpRequest

DEVELOPMENT_SECRET = "test"
DEVELOPMENT_ACCOUNT = "000000000000"
_PRESIGNED = (
    "Development credentials are refused: this request is presigned, and would change something. Sign it in the "
    "Authorization header, or with an access key of IAM (`batchyard init` makes the first)."
)
_TWELVE_DIGITS = re.compile(r"[0-9]{12}")

_INVALID = "The security token included in the request is invalid."

RefusalOfDevelopment = Callable[[HttpRequest], str | None]
"""Why development credentials sign nothing in a request, in sentences; None where they do."""

Refused = AuthenticationFailure
"""Raised for credentials that are missing, malformed, unknown, wrong or out of date."""


class Keys(NamedTuple):
    """What names credentials, without their secret."""

    access_key_id: str
    session_token: str | None = None


class Authenticator:
    """Finds the secret behind an access key id, verifies the signature with it, and makes the Session.

    `refusal_of_development` is None where development credentials are as unknown as any made-up key.
    """

    def __init__(
        self,
        *,
        store: Store,
        credentials: CredentialSource,
        sessions: Sessions,
        epochs: Epochs,
        refusal_of_development: RefusalOfDevelopment | None,
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._sessions = sessions
        self._epochs = epochs
        self._refusal_of_development = refusal_of_development

    def authenticate(self, http: HttpRequest) -> tuple[Claim, Session]:
        """The claim and the session of a signed request; raises Refused (texts: iam-evaluation.md 8).

        Raises AccessDenied for development credentials that do not sign for this sender.
        """
        claim = read_claim(http)
        partition = check_scope(claim, http.headers.get("host", ""))
        now = wall_now()
        found = self._find(Keys(claim.access_key_id, claim.session_token), claim.service, partition, http)
        if found is None:
            verify_against_nothing(claim, http, now)
            raise Refused("InvalidClientTokenId", _INVALID)
        session, secret = found
        verify(claim, http, secret, now)
        if session.expires_at is not None and session.expires_at <= now:
            raise Refused("ExpiredToken", "The security token included in the request is expired")
        return claim, session

    def check_change(self, claim: Claim) -> None:
        """Raise AccessDenied for a change that is presigned with development credentials.

        The secret is no secret, so an image on any page could be such a change. A presigned read stays: its answer is
        for the reader, not for the page.
        """
        if claim.presigned and not claim.session_token and self._development_account(claim.access_key_id):
            raise denied_here(claim.service, _PRESIGNED)

    def anonymous(self, place: tuple[str, str] | None) -> Session:
        """Who calls an operation that takes no signature. `place`: partition and account that the call is for."""
        partition, account = place or ("aws", "")
        return anonymous_session(partition, account, self._epochs.of(account))

    def holder(self, keys: Keys, secret: str, partition: str, http: HttpRequest) -> Session:
        """Whose credentials these are, all of them given in a request: the federation endpoint's way.

        Raises Refused for unknown, wrong or expired credentials (texts: iam-evaluation.md 8), AccessDenied as
        `authenticate` does.
        """
        found = self._find(keys, None, partition, http)
        session, known = found or (None, "")
        if session is None or not hmac.compare_digest(secret.encode(), known.encode()):
            raise Refused("InvalidClientTokenId", _INVALID)
        if session.expires_at is not None and session.expires_at <= wall_now():
            raise Refused("ExpiredToken", "The security token included in the request is expired")
        return session

    def _find(
        self, keys: Keys, service: str | None, partition: str, http: HttpRequest
    ) -> tuple[Session, str] | None:
        """The session that these credentials would be, and their secret; None where they are unknown."""
        if keys.session_token:
            return self._temporary(keys, partition)
        account = self._development_account(keys.access_key_id)
        if account is not None:
            refusal = self._refusal_of_development(http) if self._refusal_of_development else None
            if refusal is not None:
                raise denied_here(service, refusal)
            epoch = self._epochs.of(account)
            return root_session(partition, account, keys.access_key_id, epoch), DEVELOPMENT_SECRET
        with self._store.read() as tx:
            key = self._credentials.find_access_key(tx, keys.access_key_id)
        if key is None or key.partition != partition:
            return None
        return _user(key, self._epochs.of(key.account)), key.secret_access_key

    def _temporary(self, keys: Keys, partition: str) -> tuple[Session, str] | None:
        opened = self._sessions.open(keys.session_token or "")
        if opened is None:
            return None
        session, _ = opened
        alive = session.epoch == self._epochs.of(session.account)
        matches = session.access_key_id == keys.access_key_id and session.partition == partition
        return opened if alive and matches else None

    def _development_account(self, access_key_id: str) -> str | None:
        if self._refusal_of_development is None:
            return None
        if access_key_id == "test":
            return DEVELOPMENT_ACCOUNT
        return access_key_id if _TWELVE_DIGITS.fullmatch(access_key_id) else None


@functools.lru_cache(maxsize=4096)
def _user(key: AccessKey, epoch: int) -> Session:
    return Session(
        kind="user",
        partition=key.partition,
        account=key.account,
        arn=key.user_arn,
        principal_id=key.user_id,
        epoch=epoch,
        access_key_id=key.access_key_id,
        name=key.user_name,
    )
