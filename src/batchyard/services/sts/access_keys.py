"""GetAccessKeyInfo: whose account an access key is of, whether the key is still there or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard import ids
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.service import sts

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetAccessKeyInfoRequestTypeDef


@sts.operation(on=ANY)
def get_access_key_info(ctx: Context, request: GetAccessKeyInfoRequestTypeDef) -> dict[str, Any]:
    """Tell the account, which the id itself tells: keys of every account, deleted keys too (botocore)."""
    account = ids.account_of_access_key(request["AccessKeyId"])
    if account is None:
        # Code and text are guesses.
        raise ApiError("ValidationError", f"{request['AccessKeyId']} is not a valid access key id.")
    return {"Account": account}
