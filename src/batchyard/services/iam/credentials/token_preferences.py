"""Which version of session tokens the account takes from STS's global endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import token_preferences
from batchyard.store.prepared import Prepared
from batchyard.store.upsert import upsert

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import SetSecurityTokenServicePreferencesRequestTypeDef

USUAL_VERSION = 1
_VERSIONS = {"v1Token": 1, "v2Token": 2}

_PREFERENCE = Prepared(
    select(token_preferences.c.version).where(
        token_preferences.c.account == bindparam("of"),
        token_preferences.c.partition == bindparam("in_partition"),
    )
)


def global_endpoint_token_version(ctx: Context) -> int:
    """1 or 2, as GetAccountSummary tells it."""
    row = ctx.read.first(_PREFERENCE, of=ctx.account, in_partition=ctx.partition)
    return USUAL_VERSION if row is None else int(row.version)


@iam.operation(on=ANY, writes=True)
def set_security_token_service_preferences(
    ctx: Context, request: SetSecurityTokenServicePreferencesRequestTypeDef
) -> None:
    """Choose the version of the global endpoint's tokens.

    Those of Regional endpoints are valid in every Region whatever is chosen here (IAM user guide, "Managing AWS STS
    in an AWS Region"), and this server is no global endpoint: its tokens are valid in all Regions.
    """
    version = _VERSIONS[request["GlobalEndpointTokenVersion"]]
    ctx.write.run(
        upsert(token_preferences, {"account": ctx.account, "partition": ctx.partition, "version": version})
    )
