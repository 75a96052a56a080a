"""Versions of managed policies: create, get, list, delete, set the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import POLICY, cut_page, update_row
from batchyard.services.iam.policies import documents
from batchyard.services.iam.policies.managed_policies import check_arn, find_for, require_for
from batchyard.services.iam.resources import given_policy
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import policy_versions
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreatePolicyVersionRequestTypeDef,
        DeletePolicyVersionRequestTypeDef,
        GetPolicyVersionRequestTypeDef,
        ListPolicyVersionsRequestTypeDef,
        SetDefaultPolicyVersionRequestTypeDef,
    )

MOST_VERSIONS = 5

_VERSIONS = Prepared(
    select(policy_versions)
    .where(policy_versions.c.policy_id == bindparam("of_policy"))
    .order_by(policy_versions.c.version.desc())
)


def versions_of(ctx: Context, policy_id: str) -> list[Row]:
    """A policy's versions, the newest first."""
    return list(ctx.read.all(_VERSIONS, of_policy=policy_id))


def insert_version(ctx: Context, policy_id: str, version: int, document: str) -> None:
    """Keep a version of a policy."""
    ctx.write.run(
        insert(policy_versions).values(
            policy_id=policy_id,
            version=version,
            account=ctx.account,
            document=document,
            created_at=ctx.now.replace(microsecond=0),
        )
    )


def _own(ctx: Context, arn: str) -> Row | None:
    """The account's own policy; None where it is missing. AWS's cannot be changed (AccessDenied; a guess)."""
    check_arn(arn)
    row = POLICY.find(ctx, arn)
    if row is None and find_for(ctx, arn) is not None:
        raise ApiError("AccessDenied", f"Cannot change the AWS managed policy {arn}.", status=403)
    return row


def _version(ctx: Context, row: Row | None, request: Any) -> Row:
    """The version that the request names; raises NoSuchEntity in the words recorded for it (SNAP)."""
    if row is not None:
        for version in versions_of(ctx, row.id):
            if f"v{version.version}" == request["VersionId"]:
                return version
    raise _no_version(request)


def _no_version(request: Any) -> ApiError:
    text = (
        f"Policy {request['PolicyArn']} version {request['VersionId']} does not exist or is not attachable."
    )
    return iam.error.NoSuchEntityException(text)


def version_shape(version: Row, default: int) -> dict[str, Any]:
    """What every answer says of a version, without its document."""
    return {
        "VersionId": f"v{version.version}",
        "IsDefaultVersion": version.version == default,
        "CreateDate": version.created_at,
    }


@iam.operation(on=given_policy, writes=True)
def create_policy_version(ctx: Context, request: CreatePolicyVersionRequestTypeDef) -> dict[str, Any]:
    """Add a version; numbers are never given twice. At most five are kept (recorded: SNAP)."""
    row = _own(ctx, request["PolicyArn"])
    if row is None:
        raise POLICY.missing(ctx, request["PolicyArn"])
    documents.check(request["PolicyDocument"], "managed", ctx.partition)
    documents.refuse_over(request["PolicyDocument"], documents.MANAGED_SIZE, "PolicySize")
    if len(versions_of(ctx, row.id)) >= MOST_VERSIONS:
        raise iam.error.LimitExceededException(
            f"A managed policy can have up to {MOST_VERSIONS} versions. Before you create a new version, you"
            " must delete an existing version."
        )
    number = row.last_version + 1
    insert_version(ctx, row.id, number, request["PolicyDocument"])
    default = number if request.get("SetAsDefault") else row.default_version
    now = ctx.now.replace(microsecond=0)
    update_row(ctx, POLICY, row, last_version=number, default_version=default, updated_at=now)
    revisions.changed(ctx)
    return {"PolicyVersion": version_shape(versions_of(ctx, row.id)[0], default)}


@iam.operation(on=given_policy)
def get_policy_version(ctx: Context, request: GetPolicyVersionRequestTypeDef) -> dict[str, Any]:
    """Tell one version with its document. Of AWS's policies only the newest version is here."""
    check_arn(request["PolicyArn"])
    row = POLICY.find(ctx, request["PolicyArn"])
    if row is not None:
        version = _version(ctx, row, request)
        shape = version_shape(version, row.default_version)
        return {"PolicyVersion": {**shape, "Document": documents.encode(version.document)}}
    policy = find_for(ctx, request["PolicyArn"])
    if policy is None or policy.default_version_id != request["VersionId"]:
        raise _no_version(request)
    return {
        "PolicyVersion": {
            "VersionId": policy.default_version_id,
            "IsDefaultVersion": True,
            "CreateDate": policy.updated_at,
            "Document": documents.encode(policy.document),
        }
    }


@iam.operation(on=given_policy)
def list_policy_versions(ctx: Context, request: ListPolicyVersionsRequestTypeDef) -> dict[str, Any]:
    """List versions, the newest first (recorded: SNAP). Of AWS's policies only the newest is here."""
    policy = require_for(ctx, request["PolicyArn"])
    if policy.row is None:
        shown = [{"VersionId": policy.default_version_id, "IsDefaultVersion": True}]
        return {"Versions": [shown[0] | {"CreateDate": policy.updated_at}], "IsTruncated": False}
    newest_first = [
        (f"{MOST_NUMBER - version.version:09}", version) for version in versions_of(ctx, policy.row.id)
    ]
    versions, end = cut_page(newest_first, request, lambda pair: pair[0])
    return {
        "Versions": [version_shape(version, policy.row.default_version) for _, version in versions],
        **end,
    }


MOST_NUMBER = 999_999_999


@iam.operation(on=given_policy, writes=True)
def delete_policy_version(ctx: Context, request: DeletePolicyVersionRequestTypeDef) -> None:
    """Delete a version that is not the default one (text recorded: SNAP)."""
    row = _own(ctx, request["PolicyArn"])
    version = _version(ctx, row, request)
    if row is not None and version.version == row.default_version:
        raise iam.error.DeleteConflictException("Cannot delete the default version of a policy.")
    ctx.write.run(
        delete(policy_versions).where(
            policy_versions.c.policy_id == version.policy_id, policy_versions.c.version == version.version
        )
    )


@iam.operation(on=given_policy, writes=True)
def set_default_policy_version(ctx: Context, request: SetDefaultPolicyVersionRequestTypeDef) -> None:
    """Have a version count from the next call on."""
    row = _own(ctx, request["PolicyArn"])
    version = _version(ctx, row, request)
    update_row(ctx, POLICY, row, default_version=version.version, updated_at=ctx.now.replace(microsecond=0))
    revisions.changed(ctx)
