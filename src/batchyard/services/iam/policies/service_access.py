"""Access Advisor: which services and actions an entity may use, and when each was last used (slr.md 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from batchyard import ids
from batchyard.audit.trail import principal_of
from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.policy.sources import Source
from batchyard.services.iam.nouns import GROUP, POLICY, ROLE, USER, cut_page, find_by_id
from batchyard.services.iam.policies.access_entries import ReportEntity, service_entries
from batchyard.services.iam.policies.attached_policies import users_of_policy
from batchyard.services.iam.policies.managed_policies import find_for
from batchyard.services.iam.policies.principal_policies import reading_for, source_of
from batchyard.services.iam.principals.entities import find_entity
from batchyard.services.iam.principals.groups import members_of
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import access_reports
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        GenerateServiceLastAccessedDetailsRequestTypeDef,
        GetServiceLastAccessedDetailsRequestTypeDef,
        GetServiceLastAccessedDetailsWithEntitiesRequestTypeDef,
    )

KEPT = timedelta(days=7)
"""How long a report can be read; AWS does not say [guess]."""

_KINDS = (USER, GROUP, ROLE, POLICY)
_REPORT = Prepared(select(access_reports).where(access_reports.c.job_id == bindparam("wanted")))


def _given(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    found = find_entity(ctx, request["Arn"], kinds=_KINDS)
    tags = None if found is None else found[1].tags
    return [Check(resource=request["Arn"], tags=lambda: tags)]


@iam.operation(on=_given, writes=True, read_only=True)
def generate_service_last_accessed_details(
    ctx: Context, request: GenerateServiceLastAccessedDetailsRequestTypeDef
) -> dict[str, Any]:
    """Make the report of a user, group, role or policy as things are now; it can be read at once."""
    granularity = request.get("Granularity", "SERVICE_LEVEL")
    sources, entities = _subject(ctx, request["Arn"])
    policies = [source.policy for source in sources]
    entries = service_entries(ctx, policies, entities, with_actions=granularity == "ACTION_LEVEL")
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
            services=entries,
            granularity=granularity,
            entities=[entity.kept() for entity in entities],
        )
    )
    return {"JobId": job_id}


@iam.operation(on=ANY)
def get_service_last_accessed_details(
    ctx: Context, request: GetServiceLastAccessedDetailsRequestTypeDef
) -> dict[str, Any]:
    """Read a report, service by service."""
    report = _report(ctx, request)
    shown, end = cut_page(report.services, request, lambda one: one["ServiceNamespace"])
    return {
        **_job(report),
        "JobType": report.granularity,
        "ServicesLastAccessed": [_service_shape(one) for one in shown],
        **end,
    }


@iam.operation(on=ANY)
def get_service_last_accessed_details_with_entities(
    ctx: Context, request: GetServiceLastAccessedDetailsWithEntitiesRequestTypeDef
) -> dict[str, Any]:
    """Read who could use one service of a report, the newest use first, then those who never did, by ARN.

    A service that the report does not have is InvalidInput [guess].
    """
    report = _report(ctx, request)
    namespace = request["ServiceNamespace"]
    service = next((one for one in report.services if one["ServiceNamespace"] == namespace), None)
    if service is None:
        raise iam.error.InvalidInputException(f"The report has no service with the namespace {namespace}.")
    uses = service["uses"]
    used = sorted(
        (one for one in report.entities if one["Id"] in uses), key=lambda one: uses[one["Id"]], reverse=True
    )
    idle = sorted((one for one in report.entities if one["Id"] not in uses), key=lambda one: one["Arn"])
    numbered = [(f"{number:06}", one) for number, one in enumerate([*used, *idle])]
    shown, end = cut_page(numbered, request, lambda pair: pair[0])
    details = []
    for _, entity in shown:
        at = uses.get(entity["Id"])
        details.append(
            {"EntityInfo": entity} | ({} if at is None else {"LastAuthenticated": datetime.fromisoformat(at)})
        )
    return {**_job(report), "EntityDetailsList": details, **end}


def _report(ctx: Context, request: Any) -> Row:
    """The report; only the principal that made it has it (NoSuchEntity for others; its text is a guess)."""
    report = ctx.read.first(_REPORT, wanted=request["JobId"])
    place = (ctx.partition, ctx.account, principal_of(ctx.session)[0])
    if report is None or (report.partition, report.account, report.maker_id) != place:
        raise iam.error.NoSuchEntityException(f"No job with id {request['JobId']} was found.")
    return report


def _job(report: Row) -> dict[str, Any]:
    return {
        "JobStatus": "COMPLETED",
        "JobCreationDate": report.created_at,
        "JobCompletionDate": report.completed_at,
    }


def _service_shape(kept: dict[str, Any]) -> dict[str, Any]:
    shape = {key: value for key, value in kept.items() if key not in ("uses", "actions")}
    if "LastAuthenticated" in kept:
        shape["LastAuthenticated"] = datetime.fromisoformat(kept["LastAuthenticated"])
    if "actions" in kept:
        shape["TrackedActionsLastAccessed"] = [_action_shape(one) for one in kept["actions"]]
    return shape


def _action_shape(kept: dict[str, Any]) -> dict[str, Any]:
    if "LastAccessedTime" not in kept:
        return kept
    return {**kept, "LastAccessedTime": datetime.fromisoformat(kept["LastAccessedTime"])}


def _subject(ctx: Context, arn: str) -> tuple[Sequence[Source], list[ReportEntity]]:
    """The policies of what the ARN names, and the users and roles whose calls count; raises NoSuchEntity.

    Its text is a [guess].
    """
    policy = find_for(ctx, arn)
    if policy is not None:
        rows = [_principal(ctx, unique_id) for unique_id in users_of_policy(ctx, policy.arn)]
        return [source_of(policy, "managed", ctx.effort.prepare)], [
            ReportEntity(*found) for found in rows if found is not None
        ]
    found = find_entity(ctx, arn, kinds=_KINDS)
    if found is None:
        raise iam.error.NoSuchEntityException(f"ARN {arn} does not exist.")
    noun, row = found
    reading = reading_for(ctx)
    sources = reading.identity(noun, row)
    if noun is GROUP:
        return sources, [ReportEntity(USER, member) for member in members_of(ctx, row.id)]
    return sources, [ReportEntity(noun, row)]


def _principal(ctx: Context, unique_id: str) -> tuple[Noun[Row], Row] | None:
    for noun in (USER, ROLE):
        row = find_by_id(noun, ctx.read, unique_id)
        if row is not None:
            return noun, row
    return None
