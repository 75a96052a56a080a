"""Account settings: those that AWS gives an account that has set none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.ecs import pages
from batchyard.services.ecs.service import ecs

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import ListAccountSettingsRequestTypeDef

_DEFAULTS = {
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "containerInstanceLongArnFormat": "enabled",
    "defaultLogDriverMode": "non-blocking",
    "fargateFIPSMode": "disabled",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "serviceLongArnFormat": "enabled",
    "tagResourceAuthorization": "on",
    "taskLongArnFormat": "enabled",
}
"""ECS developer guide, account settings; nothing here can change them (PutAccountSetting is not built)."""


@ecs.operation(on=ANY)
def list_account_settings(ctx: Context, request: ListAccountSettingsRequestTypeDef) -> dict[str, Any]:
    """The settings in force with `effectiveSettings`; without it only those that were set, so none."""
    limit, after = pages.start(request)
    if request.get("value") and not request.get("name"):
        raise ecs.error.InvalidParameterException("You must specify name if you specify value.")
    if not request.get("effectiveSettings"):
        return {"settings": []}
    chosen = {
        name: value
        for name, value in _DEFAULTS.items()
        if request.get("name") in (None, name) and request.get("value") in (None, value)
    }
    names = [name for name in sorted(chosen) if name > after][: limit + 1]
    shown, token = pages.cut(names, limit)
    principal = request.get("principalArn") or f"arn:{ctx.partition}:iam::{ctx.account}:root"
    settings = [
        {
            "name": name,
            "value": chosen[name],
            "principalArn": principal,
            "type": "aws_managed" if name == "guardDutyActivate" else "user",
        }
        for name in shown
    ]
    return pages.answer("settings", settings, token)
