"""What bounds a user, group or role: its policies, parsed, with where each comes from."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.framework.ports import Prepare, PrincipalPolicies, unbounded
from batchyard.policy.document import empty
from batchyard.policy.kept_policies import KeptPolicies
from batchyard.policy.sources import Source
from batchyard.services.iam.nouns import GROUP, ROLE, USER
from batchyard.services.iam.policies.managed_policies import FindManagedPolicy, Managed, find_managed
from batchyard.services.iam.tables import attachments, groups, inline_policies, memberships
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

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

_KEPT = KeptPolicies(2_000_000)
"""Some 80 MiB of memory at most; one caller's quotas allow a third of so many characters."""


class PolicyReading:
    """One reading of policies within one transaction.

    A source's `kind` is `user`, `group` or `role` for an inline policy (named behind its owner's ARN), `managed`,
    or `boundary`. `prepare` is told of each policy that has to be parsed for it.
    """

    def __init__(
        self,
        tx: Transaction,
        find_aws: FindManagedPolicy,
        partition: str,
        account: str,
        prepare: Prepare,
    ) -> None:
        self._tx = tx
        self._find_aws = find_aws
        self._partition = partition
        self._account = account
        self._prepare = prepare
        self.aws_documents: dict[str, str] = {}

    def principal(self, row: Row, *, is_role: bool) -> PrincipalPolicies:
        """All that bounds a user (by its groups, too) or a role."""
        sources = self.identity(ROLE if is_role else USER, row)
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

    def identity(self, noun: Noun[Row], row: Row) -> list[Source]:
        """The identity policies of a user with its groups', of a role, or of a group alone."""
        sources = self._owned(noun.kind, row.id, noun.arn_of(row))
        if noun is USER:
            for group in self._tx.all(_GROUPS_OF, member_id=row.id):
                sources += self._owned(GROUP.kind, group.id, GROUP.arn_of(group))
        return sources

    def _owned(self, kind: str, owner_id: str, owner_arn: str) -> list[Source]:
        """An owner's inline policies, named behind its ARN, and the managed policies attached to it."""
        sources = [
            Source(
                kind=kind,
                name=f"{owner_arn}/{inline.name}",
                arn=None,
                version=None,
                policy=_KEPT.parsed(inline.document, "identity", self._prepare),
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
        return source_of(found, kind, self._prepare)


def reading_for(ctx: Context) -> PolicyReading:
    """A reading of the call's own account, for which the call counts what has to be parsed."""
    return PolicyReading(
        ctx.read, ctx.runtime.find_managed_policy, ctx.partition, ctx.account, ctx.effort.prepare
    )


def source_of(found: Managed, kind: str, prepare: Prepare = unbounded) -> Source:
    """A managed policy as a source of this kind."""
    return Source(
        kind=kind,
        name=found.name,
        arn=found.arn,
        version=found.default_version_id,
        policy=_KEPT.parsed(found.document, "aws-managed" if found.row is None else "managed", prepare),
    )


def _nothing(arn: str) -> Source:
    return Source(kind="boundary", name=arn, arn=arn, version=None, policy=empty("managed"))
