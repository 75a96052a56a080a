"""Access Advisor at service level: which services an entity may use, and when each was last used (slr.md 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from batchyard import ids
from batchyard.audit.last_access import LastAccess, list_last_accesses
from batchyard.audit.trail import principal_of
from batchyard.data.service_names import names
from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import NotBuilt
from batchyard.services.iam.attached_policies import users_of_policy
from batchyard.services.iam.granted_services import granted_services
from batchyard.services.iam.groups import groups_of, members_of
from batchyard.services.iam.managed_policies import find_for
from batchyard.services.iam.nouns import BY_KIND, GROUP, POLICY, ROLE, USER, Noun, Row, cut_page, find
from batchyard.services.iam.ownership import list_attached, list_inline
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import access_reports
from batchyard.store.prepared import Prepared

TRACKED = timedelta(days=400)
KEPT = timedelta(days=7)
"""How long a report can be read; AWS does not say [guess]."""

_REPORT = Prepared(select(access_reports).where(access_reports.c.job_id == bindparam("wanted")))


@dataclass(frozen=True, slots=True)
class _Entity:
    """What a report is about: its policies' texts, and the principals whose calls count."""

    documents: list[str]
    principal_ids: list[str]


def _given(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    found = _find(ctx, request["Arn"])
    tags = None if found is None else found[1].tags
    return [Check(resource=request["Arn"], tags=lambda: tags)]


@iam.operation(on=_given, writes=True, read_only=True)
def generate_service_last_accessed_details(ctx: Context, request: Any) -> dict[str, Any]:
    """Make the report of a user, group, role or policy as things are now; it can be read at once."""
    if request.get("Granularity", "SERVICE_LEVEL") != "SERVICE_LEVEL":
        raise NotBuilt("the Granularity ACTION_LEVEL of GenerateServiceLastAccessedDetails")
    entity = _entity(ctx, request["Arn"])
    job_id = ids.uuid4()
    ctx.write.run(
        delete(access_reports).where(
            access_reports.c.account == ctx.account, access_reports.c.created_at < ctx.now - KEPT
        )
    )
    ctx.write.run(
        insert(access_reports).values(
            job_id=job_id,
            partition=ctx.partition,
            account=ctx.account,
            maker_id=principal_of(ctx.session)[0],
            created_at=ctx.now,
            completed_at=ctx.now,
            services=_services(ctx, entity),
        )
    )
    return {"JobId": job_id}


@iam.operation(on=ANY)
def get_service_last_accessed_details(ctx: Context, request: Any) -> dict[str, Any]:
    """Read a report; only the principal that made it can (NoSuchEntity for others; its text is a guess)."""
    report = ctx.read.first(_REPORT, wanted=request["JobId"])
    maker = principal_of(ctx.session)[0]
    place = (ctx.partition, ctx.account, maker)
    if report is None or (report.partition, report.account, report.maker_id) != place:
        raise iam.error.NoSuchEntityException(f"No job with id {request['JobId']} was found.")
    shown, end = cut_page(report.services, request, lambda one: one["ServiceNamespace"])
    return {
        "JobStatus": "COMPLETED",
        "JobType": "SERVICE_LEVEL",
        "JobCreationDate": report.created_at,
        "JobCompletionDate": report.completed_at,
        "ServicesLastAccessed": [_shape(one) for one in shown],
        **end,
    }


def _shape(kept: dict[str, Any]) -> dict[str, Any]:
    if "LastAuthenticated" not in kept:
        return kept
    return {**kept, "LastAuthenticated": datetime.fromisoformat(kept["LastAuthenticated"])}


def _find(ctx: Context, arn: str) -> tuple[Noun, Row] | None:
    """The account's user, group, role or policy with exactly this ARN; None where there is none."""
    parts = arn.split(":", 5)
    kind, _, rest = parts[-1].partition("/")
    noun = BY_KIND.get(kind)
    if len(parts) != 6 or noun not in (USER, GROUP, ROLE, POLICY):
        return None
    row = find(ctx, noun, rest.rsplit("/", 1)[-1])
    return (noun, row) if row is not None and noun.arn_of(row) == arn else None


def _entity(ctx: Context, arn: str) -> _Entity:
    """Policies and principals of what the ARN names; raises NoSuchEntity."""
    policy = find_for(ctx, arn)
    if policy is not None:
        return _Entity([policy.document], users_of_policy(ctx, policy.arn))
    found = _find(ctx, arn)
    if found is None:
        raise iam.error.NoSuchEntityException(f"ARN {arn} does not exist.")
    noun, row = found
    if noun is GROUP:
        return _Entity(_documents(ctx, row), [member.id for member in members_of(ctx, row.id)])
    owners = [row, *(groups_of(ctx, row.id) if noun is USER else ())]
    return _Entity([text for owner in owners for text in _documents(ctx, owner)], [row.id])


def _documents(ctx: Context, row: Row) -> list[str]:
    attached = [find_for(ctx, arn) for arn in list_attached(ctx, row)]
    inline = [one.document for one in list_inline(ctx, row)]
    return inline + [policy.document for policy in attached if policy is not None]


def _services(ctx: Context, entity: _Entity) -> list[dict[str, Any]]:
    """One entry for each service that is allowed; those never used come without dates."""
    uses: dict[str, list[LastAccess]] = {}
    for principal_id in entity.principal_ids:
        accesses = list_last_accesses(
            ctx.read, account=ctx.account, partition=ctx.partition, principal_id=principal_id
        )
        for access in accesses:
            if access.at >= ctx.now - TRACKED:
                uses.setdefault(access.service, []).append(access)
    return [_entry(space, uses.get(space, [])) for space in granted_services(entity.documents)]


def _entry(namespace: str, uses: list[LastAccess]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "ServiceName": names()[namespace],
        "ServiceNamespace": namespace,
        "TotalAuthenticatedEntities": len({use.principal_id for use in uses}),
    }
    if uses:
        newest = max(uses, key=lambda use: use.at)
        entry["LastAuthenticated"] = newest.at.replace(microsecond=0).isoformat()
        entry["LastAuthenticatedEntity"] = newest.principal_arn
        entry["LastAuthenticatedRegion"] = newest.region
    return entry
