"""What the gateway and sts read of IAM: who an access key belongs to, what bounds a principal, roles by name."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select

from batchyard.framework.noun import Noun
from batchyard.framework.ports import AccessKey, Prepare, PrincipalPolicies, TrustedRole, unbounded
from batchyard.identity.keyring import Keyring
from batchyard.identity.session import Session
from batchyard.policy.evaluate import Source
from batchyard.services.iam import revisions
from batchyard.services.iam.credentials import one_time_codes
from batchyard.services.iam.credentials.mfa_devices import SEED_PURPOSE
from batchyard.services.iam.nouns import INSTANCE_PROFILE, MFA_DEVICE, ROLE, USER, find_by_id
from batchyard.services.iam.policies.managed_policies import FindManagedPolicy, find_managed
from batchyard.services.iam.policies.principal_policies import PolicyReading, source_of
from batchyard.services.iam.tables import access_keys, users
from batchyard.store.prepared import Row, Typed
from batchyard.store.transaction import Transaction

SECRET_PURPOSE = "access-key"
_KEPT_PRINCIPALS = 4096


class _ActiveKey(NamedTuple):
    """An active key with its user."""

    sealed_secret: str
    account: str
    partition: str
    name: str
    path: str
    id: str


_ACTIVE_KEY = Typed(
    select(
        access_keys.c.sealed_secret,
        access_keys.c.account,
        access_keys.c.partition,
        users.c.name,
        users.c.path,
        users.c.id,
    )
    .join(users, users.c.id == access_keys.c.user_id)
    .where(access_keys.c.access_key_id == bindparam("wanted"), access_keys.c.status == "Active"),
    _ActiveKey,
)


class _Known:
    """What is cached of one principal: under which revision it was read, and AWS's policies in it."""

    __slots__ = ("aws_documents", "found", "revision")

    def __init__(self, revision: str, found: PrincipalPolicies, aws_documents: dict[str, str]) -> None:
        self.revision = revision
        self.found = found
        self.aws_documents = aws_documents


class IamSource:
    """IAM as `framework.ports` wants it: a CredentialSource, a PolicySource and an MfaSource, read-only.

    `find_managed_policy` gives AWS's managed policies by name or ARN; it is asked anew at every call, so a
    document that changes there acts at once, like a policy of the account's own.
    """

    def __init__(
        self, keyring: Keyring, find_managed_policy: FindManagedPolicy, *, used_codes: dict[str, int]
    ) -> None:
        """`used_codes`: the step of the last one-time code of each MFA device; the sole server's."""
        self._find_aws = find_managed_policy
        self._keyring = keyring
        self._last_steps = used_codes
        self._opened = functools.lru_cache(maxsize=4096)(functools.partial(keyring.open, SECRET_PURPOSE))
        self._known: dict[tuple[str, str, str], _Known] = {}
        self._keys: dict[str, tuple[str, AccessKey]] = {}

    def find_access_key(self, tx: Transaction, access_key_id: str) -> AccessKey | None:
        """The active key with this id, or None."""
        known = self._keys.get(access_key_id)
        if known is not None:
            revision, key = known
            if revisions.newest(tx, key.partition, key.account) == revision:
                return key
        row = tx.first(_ACTIVE_KEY, wanted=access_key_id)
        if row is None:
            self._keys.pop(access_key_id, None)
            return None
        key = AccessKey(
            access_key_id=access_key_id,
            secret_access_key=self._opened(row.sealed_secret),
            account=row.account,
            partition=row.partition,
            user_name=row.name,
            user_arn=USER.arn_of(row),
            user_id=row.id,
        )
        if len(self._keys) >= _KEPT_PRINCIPALS:
            self._keys.clear()
        self._keys[access_key_id] = (revisions.current(tx, key.partition, key.account), key)
        return key

    def forget(self, tx: Transaction, account: str | None) -> None:
        """In the transaction of a reset: what is cached of the account, or of all, is never true again."""
        revisions.forget(tx, account)
        self._known = {
            place: one for place, one in list(self._known.items()) if account not in (None, place[1])
        }
        self._keys = {
            key: one for key, one in list(self._keys.items()) if account not in (None, one[1].account)
        }

    def find_policies(
        self, tx: Transaction, session: Session, prepare: Prepare = unbounded
    ) -> PrincipalPolicies | None:
        """The policies of the session's user or role, by its unique id; None where it is gone."""
        noun, principal_id = _behind(session)
        place = (session.partition, session.account, principal_id)
        known = self._known.get(place)
        if known is not None:
            revision = revisions.newest(tx, session.partition, session.account)
            if known.revision == revision and self._is_fresh(known):
                return known.found
        reading = PolicyReading(tx, self._find_aws, session.partition, session.account, prepare)
        row = find_by_id(noun, tx, principal_id)
        if row is None or (row.partition, row.account) != (session.partition, session.account):
            self._known.pop(place, None)
            return None
        found = reading.principal(row, is_role=noun is ROLE)
        if len(self._known) >= _KEPT_PRINCIPALS:
            self._known.clear()
        revision = revisions.current(tx, session.partition, session.account)
        self._known[place] = _Known(revision, found, reading.aws_documents)
        return found

    def find_managed_policy(
        self, tx: Transaction, session: Session, arn: str, prepare: Prepare = unbounded
    ) -> Source | None:
        """A managed policy by ARN, the account's own or AWS's: for session policies."""
        found = find_managed(
            tx, self._find_aws, partition=session.partition, account=session.account, arn=arn
        )
        return None if found is None else source_of(found, "session", prepare)

    def find_role(self, tx: Transaction, partition: str, account: str, name: str) -> TrustedRole | None:
        """A role by name (without path)."""
        row = ROLE.find_named(tx, {"partition": partition, "account": account}, name)
        if row is None:
            return None
        return TrustedRole(
            arn=ROLE.arn_of(row),
            role_id=row.id,
            name=row.name,
            path=row.path,
            trust_document=row.trust_document,
            max_session_seconds=row.max_session_seconds,
            tags=row.tags,
        )

    def find_profile_role(self, tx: Transaction, partition: str, account: str, *, profile: str) -> str | None:
        """The ARN of the role inside an instance profile, given by name or by its whole ARN; None where there
        is no such profile or no role in it."""
        find = INSTANCE_PROFILE.find_by_arn if profile.startswith("arn:") else INSTANCE_PROFILE.find_named
        found = find(tx, {"partition": partition, "account": account}, profile)
        if found is None or found.role_id is None:
            return None
        row = find_by_id(ROLE, tx, found.role_id)
        return None if row is None else ROLE.arn_of(row)

    def has_device(self, tx: Transaction, session: Session, serial_number: str) -> bool:
        """Whether the MFA device with this serial number is enabled for the session's user."""
        return self._device(tx, session, serial_number) is not None

    def takes_code(
        self, tx: Transaction, session: Session, serial_number: str, code: str, *, now: datetime
    ) -> bool:
        """Whether the user's device shows this code now.

        Each code is taken once (IAM user guide), and none older than the last; what was taken is forgotten with
        the process, when a code has half a minute left at most.
        """
        device = self._device(tx, session, serial_number)
        return device is not None and self.device_takes(device, code, now=now)

    def device_takes(self, device: Row, code: str, *, now: datetime) -> bool:
        """The same of a device's row."""
        seed = self._keyring.open(SEED_PURPOSE, device.sealed_seed)
        step = one_time_codes.step_of(seed, code, now=now, around=one_time_codes.USUAL_DRIFT)
        if step is None or step <= self._last_steps.get(device.id, -1):
            return False
        self._last_steps[device.id] = step
        return True

    def _device(self, tx: Transaction, session: Session, serial_number: str) -> Row | None:
        where = {"partition": session.partition, "account": session.account}
        row = MFA_DEVICE.find_by_arn(tx, where, serial_number)
        if row is None or session.kind != "user":
            return None
        return row if row.user_id == session.principal_id else None

    def _is_fresh(self, known: _Known) -> bool:
        for arn, document in known.aws_documents.items():
            policy = self._find_aws(arn)
            if policy is None or policy.document != document:
                return False
        return True


def _behind(session: Session) -> tuple[Noun[Row], str]:
    """Whose policies a session has: the user or role, by its unique id."""
    if session.role is not None:
        return ROLE, session.role.role_id
    return USER, session.user.user_id if session.user is not None else session.principal_id
