"""What the gateway and sts read of IAM: who an access key belongs to, what bounds a principal, roles by name."""

from __future__ import annotations

import functools

from sqlalchemy import bindparam, select

from batchyard.framework.keyring import Keyring
from batchyard.framework.ports import AccessKey, PrincipalPolicies, TrustedRole
from batchyard.framework.session import Session
from batchyard.policy.document import Kind, Policy, empty, parse
from batchyard.policy.evaluate import Source
from batchyard.services.iam import revisions
from batchyard.services.iam.managed_policies import FindManagedPolicy, Managed, find_managed
from batchyard.services.iam.nouns import GROUP, INSTANCE_PROFILE, ROLE, USER, Row
from batchyard.services.iam.tables import (
    access_keys,
    attachments,
    groups,
    inline_policies,
    memberships,
    users,
)
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

SECRET_PURPOSE = "access-key"
_KEPT_PRINCIPALS = 16384

_ACTIVE_KEY = Prepared(
    select(
        access_keys.c.sealed_secret,
        access_keys.c.account,
        access_keys.c.partition,
        users.c.name,
        users.c.path,
        users.c.id,
    )
    .join(users, users.c.id == access_keys.c.user_id)
    .where(access_keys.c.access_key_id == bindparam("wanted"), access_keys.c.status == "Active")
)
_GROUPS_OF = Prepared(
    select(groups.c.id, groups.c.name, groups.c.path, groups.c.partition, groups.c.account)
    .join(memberships, memberships.c.group_id == groups.c.id)
    .where(memberships.c.user_id == bindparam("member_id"))
    .order_by(groups.c.name_key)
)
_INLINE_OF = Prepared(
    select(inline_policies.c.name, inline_policies.c.document)
    .where(inline_policies.c.owner_id == bindparam("owner"))
    .order_by(inline_policies.c.name_key)
)
_ATTACHED_TO = Prepared(
    select(attachments.c.policy_arn)
    .where(attachments.c.owner_id == bindparam("owner"), attachments.c.is_boundary.is_(False))
    .order_by(attachments.c.policy_arn)
)


class _Known:
    """What is cached of one principal: under which revision it was read, and AWS's policies in it."""

    __slots__ = ("aws_documents", "found", "revision")

    def __init__(self, revision: str, found: PrincipalPolicies, aws_documents: dict[str, str]) -> None:
        self.revision = revision
        self.found = found
        self.aws_documents = aws_documents


class IamSource:
    """IAM as `framework.ports` wants it: a CredentialSource and a PolicySource, read-only.

    `find_managed_policy` gives AWS's managed policies by name or ARN; it is asked anew at every call, so a
    document that changes there acts at once, like one of the account's own.
    """

    def __init__(self, keyring: Keyring, find_managed_policy: FindManagedPolicy) -> None:
        self._find_aws = find_managed_policy
        self._opened = functools.lru_cache(maxsize=4096)(functools.partial(keyring.open, SECRET_PURPOSE))
        self._known: dict[tuple[str, str, str], _Known] = {}

    def find_access_key(self, tx: Transaction, access_key_id: str) -> AccessKey | None:
        """The active key with this id, or None."""
        row = tx.first(_ACTIVE_KEY, wanted=access_key_id)
        if row is None:
            return None
        return AccessKey(
            access_key_id=access_key_id,
            secret_access_key=self._opened(row.sealed_secret),
            account=row.account,
            partition=row.partition,
            user_name=row.name,
            user_arn=USER.arn(row.partition, row.account, row.path, row.name),
            user_id=row.id,
        )

    def find_policies(self, tx: Transaction, session: Session) -> PrincipalPolicies | None:
        """The policies of the session's user or role, by its unique id; None where it is gone."""
        principal_id = session.role.role_id if session.role is not None else session.principal_id
        place = (session.partition, session.account, principal_id)
        revision = revisions.current(tx, session.partition, session.account)
        known = self._known.get(place)
        if known is not None and known.revision == revision and self._is_fresh(known):
            return known.found
        reading = _Reading(tx, self._find_aws, session.partition, session.account)
        noun = ROLE if session.role is not None else USER
        row = noun.find_by_id(tx, principal_id)
        if row is None or (row.partition, row.account) != (session.partition, session.account):
            self._known.pop(place, None)
            return None
        found = reading.principal(row, is_role=noun is ROLE)
        if len(self._known) >= _KEPT_PRINCIPALS:
            self._known.clear()
        self._known[place] = _Known(revision, found, reading.aws_documents)
        return found

    def find_managed_policy(self, tx: Transaction, session: Session, arn: str) -> Source | None:
        """A managed policy by ARN, the account's own or AWS's: for session policies."""
        found = find_managed(
            tx, self._find_aws, partition=session.partition, account=session.account, arn=arn
        )
        return None if found is None else _source(found, "session")

    def find_role(self, tx: Transaction, partition: str, account: str, name: str) -> TrustedRole | None:
        """A role by name (without path)."""
        row = ROLE.find(tx, partition, account, name)
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
        found = INSTANCE_PROFILE.find(tx, partition, account, profile.rsplit("/", 1)[-1])
        if found is None or found.role_id is None:
            return None
        if profile.startswith("arn:") and INSTANCE_PROFILE.arn_of(found) != profile:
            return None
        row = ROLE.find_by_id(tx, found.role_id)
        return None if row is None else ROLE.arn_of(row)

    def _is_fresh(self, known: _Known) -> bool:
        for arn, document in known.aws_documents.items():
            policy = self._find_aws(arn)
            if policy is None or policy.document != document:
                return False
        return True


class _Reading:
    """One reading of a principal's policies within one transaction."""

    def __init__(self, tx: Transaction, find_aws: FindManagedPolicy, partition: str, account: str) -> None:
        self._tx = tx
        self._find_aws = find_aws
        self._partition = partition
        self._account = account
        self.aws_documents: dict[str, str] = {}

    def principal(self, row: Row, *, is_role: bool) -> PrincipalPolicies:
        noun = ROLE if is_role else USER
        sources = self._owned(noun.kind, row.id, noun.arn_of(row))
        if not is_role:
            for group in self._tx.all(_GROUPS_OF, member_id=row.id):
                sources += self._owned(GROUP.kind, group.id, GROUP.arn_of(group))
        boundary = None
        if row.boundary_arn:
            # A boundary whose policy is gone allows nothing: it must not vanish with its policy.
            boundary = self._managed(row.boundary_arn, "boundary") or _nothing(row.boundary_arn)
        return PrincipalPolicies(
            identity=tuple(sources),
            boundary=boundary,
            tags=row.tags,
            service_linked=is_role and row.service_principal is not None,
        )

    def _owned(self, kind: str, owner_id: str, owner_arn: str) -> list[Source]:
        """An owner's inline policies, named behind its ARN, and the managed ones attached to it."""
        sources = [
            Source(
                kind=kind,
                name=f"{owner_arn}/{inline.name}",
                arn=None,
                version=None,
                policy=_parsed(inline.document, "identity"),
            )
            for inline in self._tx.all(_INLINE_OF, owner=owner_id)
        ]
        for attached in self._tx.all(_ATTACHED_TO, owner=owner_id):
            source = self._managed(attached.policy_arn, "managed")
            if source is not None:
                sources.append(source)
        return sources

    def _managed(self, arn: str, kind: str) -> Source | None:
        found = find_managed(
            self._tx, self._find_aws, partition=self._partition, account=self._account, arn=arn
        )
        if found is None:
            return None
        if found.row is None:
            self.aws_documents[arn] = found.document
        return _source(found, kind)


def _source(found: Managed, kind: str) -> Source:
    return Source(
        kind=kind,
        name=found.name,
        arn=found.arn,
        version=found.default_version_id,
        policy=_parsed(found.document, "aws-managed" if found.row is None else "managed"),
    )


def _nothing(arn: str) -> Source:
    return Source(kind="boundary", name=arn, arn=arn, version=None, policy=empty("managed"))


@functools.lru_cache(maxsize=8192)
def _parsed(document: str, kind: Kind) -> Policy:
    return parse(document, kind=kind)
