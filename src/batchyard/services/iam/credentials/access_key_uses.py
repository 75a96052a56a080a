"""GetAccessKeyLastUsed: when, where and for which service a key last signed a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.audit.last_access import find_key_use
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam.credentials.access_keys import find_key
from batchyard.services.iam.nouns import USER, find_by_id
from batchyard.services.iam.service import iam
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GetAccessKeyLastUsedRequestTypeDef

UNUSED = {"ServiceName": "N/A", "Region": "N/A"}
"""What AWS says of a key that never signed anything (recorded: SNAP)."""


def _owner(ctx: Context, request: Mapping[str, Any]) -> Row | None:
    """The user whose key it is, in the caller's account; or None."""
    key = find_key(ctx, request["AccessKeyId"])
    if key is None or (key.partition, key.account) != (ctx.partition, ctx.account):
        return None
    return find_by_id(USER, ctx.read, key.user_id)


def _owner_check(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    owner = _owner(ctx, request)
    told = f"access key {request['AccessKeyId']}"
    if owner is None:
        return [Check(resource=told)]
    return [Check(resource=USER.arn_of(owner), tags=lambda: owner.tags, told=told)]


@iam.operation(on=_owner_check)
def get_access_key_last_used(ctx: Context, request: GetAccessKeyLastUsedRequestTypeDef) -> dict[str, Any]:
    """Tell the key's newest call, and whose key it is.

    A key that is not the account's is denied to everybody, in words of its own (recorded: SNAP).
    """
    owner = _owner(ctx, request)
    if owner is None:
        text = (
            f"User: {ctx.session.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource: "
            f"access key {request['AccessKeyId']}"
        )
        raise ApiError("AccessDenied", text, status=403)
    newest = find_key_use(ctx.read, request["AccessKeyId"])
    if newest is None:
        return {"UserName": owner.name, "AccessKeyLastUsed": UNUSED}
    used = {
        "LastUsedDate": newest.at.replace(microsecond=0),
        "ServiceName": newest.service,
        "Region": newest.region,
    }
    return {"UserName": owner.name, "AccessKeyLastUsed": used}
