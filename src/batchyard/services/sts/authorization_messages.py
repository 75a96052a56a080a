"""DecodeAuthorizationMessage: what the encoded message of a denial holds, for those who may know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.identity.authorization_messages import decode
from batchyard.services.sts.service import sts

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import DecodeAuthorizationMessageRequestTypeDef


@sts.operation(on=ANY, read_only=False)
def decode_authorization_message(
    ctx: Context, request: DecodeAuthorizationMessageRequestTypeDef
) -> dict[str, Any]:
    """Tell why a call of this account was denied.

    Raises InvalidAuthorizationMessageException for any other text, in words that are a [guess].
    """
    document = decode(ctx.runtime.keyring, ctx.partition, ctx.account, request["EncodedMessage"])
    if document is None:
        raise sts.error.InvalidAuthorizationMessageException("Message is not valid")
    return {"DecodedMessage": document}
