"""Service-linked roles: made by hand, asked to be deleted, and what became of that (slr.md 1-4)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from batchyard import ids
from batchyard.data import service_linked_roles as templates
from batchyard.data.service_linked_roles import LinkedRoleTemplate
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import ROLE, in_words, insert_new, update_row
from batchyard.services.iam.policies.attached_policies import attach
from batchyard.services.iam.principals.roles import brief
from batchyard.services.iam.resources import LINKED_PATH
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import role_deletions
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateServiceLinkedRoleRequestTypeDef,
        DeleteServiceLinkedRoleRequestTypeDef,
        GetServiceLinkedRoleDeletionStatusRequestTypeDef,
        UpdateRoleDescriptionRequestTypeDef,
    )

DELETION_CONTROLLER = "iam.role_deletion"
LONGEST_NAME = 64
"""RoleName's length in botocore's model; with a suffix beyond it no call could name the role [guess: the text]."""

_TASK_ID = re.compile(
    r"task/aws-service-role/(?P<principal>[\w+=,.@-]{1,128})/(?P<role>[\w+=,.@-]{1,64})"
    r"/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.ASCII,
)
_TASK = Prepared(select(role_deletions).where(role_deletions.c.task_id == bindparam("wanted")))
_UNFINISHED = Prepared(
    select(role_deletions.c.task_id)
    .where(
        role_deletions.c.role_id == bindparam("of_role"),
        (role_deletions.c.status == "NOT_STARTED") | (role_deletions.c.status == "IN_PROGRESS"),
    )
    .limit(1)
)


def find_task(tx: Any, task_id: str) -> Row | None:
    """The deletion task with this id, or None."""
    return tx.first(_TASK, wanted=task_id)


def _linked_check(ctx: Context, principal: str, name: str) -> Check:
    """The check on a service-linked role, whether it is there or not."""
    row = ROLE.find(ctx, name)
    return Check(
        resource=ROLE.arn(ctx, path=f"{LINKED_PATH}{principal}/", name=name),
        context={"iam:AWSServiceName": principal},
        tags=lambda: None if row is None else row.tags,
    )


def _role_to_be(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The role that would be made; a principal without a role is checked on any role of its path [guess]."""
    principal = request["AWSServiceName"]
    template = templates.find(principal)
    name = "*" if template is None else template.role_name_with(request.get("CustomSuffix"))
    return [_linked_check(ctx, principal, name)]


def _existing_role(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The role with this name. A missing role is checked as the service-linked role that has the name."""
    name = request["RoleName"]
    template = _template_named(name) if ROLE.find(ctx, name) is None else None
    if template is None:
        return [ROLE.check(ctx, name)]
    check = _linked_check(ctx, template.principal, name)
    return [replace(check, told=in_words(ROLE, name))]


def _role_of_task(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Role and linked service from the task id alone: authorization comes before existence."""
    match = _TASK_ID.fullmatch(request["DeletionTaskId"])
    if match is None:
        text = f"The deletion task id {request['DeletionTaskId']} is not valid."
        raise iam.error.InvalidInputException(text)
    return [_linked_check(ctx, match["principal"], match["role"])]


def _template_named(role_name: str) -> LinkedRoleTemplate | None:
    """The service-linked role that has this name, with or without a suffix; None where none has."""
    return _templates_by_name().get(role_name) or _templates_by_name().get(role_name.rpartition("_")[0])


@functools.cache
def _templates_by_name() -> dict[str, LinkedRoleTemplate]:
    found = [templates.find(principal) for principal in templates.principals()]
    return {template.role_name: template for template in found if template is not None}


@iam.operation(on=_role_to_be, writes=True)
def create_service_linked_role(
    ctx: Context, request: CreateServiceLinkedRoleRequestTypeDef
) -> dict[str, Any]:
    """Make a linked service's role with its fixed trust and policy, also where roles are at their quota.

    Texts as recorded: suffix and taken name in slr.md 2; `Cannot find Service Linked Role template for …`
    as AccessDenied in people's logs. Where suffix and name are both wrong, the suffix is told [guess].
    """
    principal = request["AWSServiceName"]
    template = templates.find(principal)
    if template is None:
        text = f"Cannot find Service Linked Role template for {principal}"
        raise ApiError("AccessDenied", text, status=403)
    if request.get("CustomSuffix") and not template.custom_suffix_allowed:
        raise iam.error.InvalidInputException(f"Custom suffix is not allowed for {principal}")
    name = template.role_name_with(request.get("CustomSuffix"))
    if len(name) > LONGEST_NAME:
        raise iam.error.InvalidInputException(
            f"Role name {name} must not be longer than {LONGEST_NAME} characters"
        )
    if ROLE.find(ctx, name) is not None:
        raise iam.error.InvalidInputException(
            f"Service role name {name} has been taken in this account, please try a different suffix."
        )
    row = insert_new(
        ctx,
        ROLE,
        name,
        path=template.path,
        trust_document=template.trust_document,
        description=request.get("Description"),
        max_session_seconds=templates.MAX_SESSION_SECONDS,
        boundary_arn=None,
        service_principal=principal,
    )
    attach(ctx, ROLE, row.id, template.policy_arn(ctx.partition))
    revisions.changed(ctx)
    ctx.note_resource(ROLE.arn_of(row))
    return {"Role": brief(row)}


@iam.operation(on=_existing_role, writes=True)
def delete_service_linked_role(
    ctx: Context, request: DeleteServiceLinkedRoleRequestTypeDef
) -> dict[str, Any]:
    """Ask for a role's deletion and answer at once with the task; an unfinished task is answered again.

    A role that is not service-linked is not found [guess, slr.md 4].
    """
    row = ROLE.require(ctx, request["RoleName"])
    if row.service_principal is None:
        raise ROLE.missing(ctx, request["RoleName"])
    unfinished = ctx.write.first(_UNFINISHED, of_role=row.id)
    if unfinished is not None:
        return {"DeletionTaskId": unfinished.task_id}
    task_id = f"task{row.path}{row.name}/{ids.uuid4()}"
    ctx.write.run(
        insert(role_deletions).values(
            task_id=task_id,
            partition=ctx.partition,
            account=ctx.account,
            role_id=row.id,
            status="NOT_STARTED",
            requested_at=ctx.now,
            changed_at=ctx.now,
        )
    )
    ctx.intend(DELETION_CONTROLLER, task_id, delay_seconds=ctx.runtime.settings.pace)
    return {"DeletionTaskId": task_id}


@iam.operation(on=_role_of_task)
def get_service_linked_role_deletion_status(
    ctx: Context, request: GetServiceLinkedRoleDeletionStatusRequestTypeDef
) -> dict[str, Any]:
    """Tell how far a deletion is; a failed deletion with its reason and where the role is in use.

    Malformed ids are InvalidInput, unknown ids NoSuchEntity [guess which is when, slr.md 4].
    """
    task = find_task(ctx.read, request["DeletionTaskId"])
    if task is None or (task.partition, task.account) != (ctx.partition, ctx.account):
        text = f"The deletion task {request['DeletionTaskId']} cannot be found."
        raise iam.error.NoSuchEntityException(text)
    answer: dict[str, Any] = {"Status": task.status}
    if task.status == "FAILED":
        answer["Reason"] = {"Reason": task.reason, "RoleUsageList": task.usage}
    return answer


@iam.operation(on=_existing_role, writes=True)
def update_role_description(ctx: Context, request: UpdateRoleDescriptionRequestTypeDef) -> dict[str, Any]:
    """Change the description, also of a service-linked role (the one thing of it, beside tags, that may)."""
    row = ROLE.require(ctx, request["RoleName"])
    changed = update_row(ctx, ROLE, row, description=request["Description"])
    return {"Role": brief(changed) | {"Description": changed.description}}
