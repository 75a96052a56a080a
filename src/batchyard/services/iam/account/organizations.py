"""What IAM does for AWS Organizations. No account here is in any: each call is answered as AWS does then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.operation import NoMembers
from batchyard.services.iam.service import iam

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        GenerateOrganizationsAccessReportRequestTypeDef,
        GetOrganizationsAccessReportRequestTypeDef,
    )

_NO_ORGANIZATION = "The request was rejected because no organization is associated with your account."
"""The model's words for the error [guess: that AWS answers with them]."""


def _refuse() -> NoReturn:
    raise iam.error.OrganizationNotFoundException(_NO_ORGANIZATION)


@iam.operation(on=ANY, read_only=False)
def enable_organizations_root_credentials_management(ctx: Context, request: NoMembers) -> NoReturn:
    """Let the organization's management account manage its members' root credentials."""
    _refuse()


@iam.operation(on=ANY, read_only=False)
def enable_organizations_root_sessions(ctx: Context, request: NoMembers) -> NoReturn:
    """Let the organization's management account do privileged tasks in its members."""
    _refuse()


@iam.operation(on=ANY, read_only=False)
def disable_organizations_root_credentials_management(ctx: Context, request: NoMembers) -> NoReturn:
    """End the management of the members' root credentials."""
    _refuse()


@iam.operation(on=ANY, read_only=False)
def disable_organizations_root_sessions(ctx: Context, request: NoMembers) -> NoReturn:
    """End privileged tasks in the organization's members."""
    _refuse()


@iam.operation(on=ANY)
def list_organizations_features(ctx: Context, request: NoMembers) -> NoReturn:
    """List which of the two features the organization has."""
    _refuse()


def _report_to_be(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    policy = request.get("OrganizationsPolicyId")
    yield Check(
        resource=f"arn:{ctx.partition}:iam::{ctx.account}:access-report/{request['EntityPath']}",
        context={} if policy is None else {"iam:OrganizationsPolicyId": policy},
    )


@iam.operation(on=_report_to_be)
def generate_organizations_access_report(
    ctx: Context, request: GenerateOrganizationsAccessReportRequestTypeDef
) -> NoReturn:
    """Report on an organization's entity, which only its management account may (API reference).

    Nothing says how another account is refused; code and text are a [guess].
    """
    text = "You must be signed in using the credentials of an organization's management account."
    raise ApiError("AccessDenied", text, status=403)


@iam.operation(on=ANY)
def get_organizations_access_report(
    ctx: Context, request: GetOrganizationsAccessReportRequestTypeDef
) -> NoReturn:
    """Read such a report: nobody could have one made, so there is none with any id (the text is a guess)."""
    raise iam.error.NoSuchEntityException(f"No job with id {request['JobId']} was found.")
