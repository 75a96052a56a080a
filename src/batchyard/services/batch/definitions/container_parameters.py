"""What a container may say, be it in containerProperties, ecsProperties or nodeProperties: checked, and read back.

What cannot be made true here is registered as AWS registers it; whether an engine can run it is asked at SubmitJob.
Texts: what-aws-says.md 30 and 36 (probed and recorded) and framework/container_parts.py; the others are guesses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from batchyard.framework.container_parts import check_awslogs, check_parts, check_timeouts
from batchyard.framework.context import Context
from batchyard.services.batch.definitions.sizes import FARGATE
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch

LONGEST_IMAGE = 255
MULTILINE = ("awslogs-datetime-format", "awslogs-multiline-pattern")
LISTS = ("command", "environment", "mountPoints", "ulimits", "secrets")
"""The lists of a container that are read back empty where they were not given (batch-jobs.md 2)."""
FARGATE_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_MULTILINE = batch.unbuilt(
    f"{' and '.join(f'`{one}`' for one in MULTILINE)} in `logConfiguration.options`",
    on=["RegisterJobDefinition"],
)
_USER_NAME = "^([a-z0-9_][a-z0-9_-]{0,30})$"
_SIMPLE_USER = re.compile("[a-z0-9_][a-z0-9_-]{0,30}")
_USER_AND_GROUP = re.compile(r"[a-z0-9_][a-z0-9_-]{0,30}(:[a-z0-9_][a-z0-9_-]{0,30})?")


def check_parameters(
    ctx: Context,
    container: Mapping[str, Any],
    *,
    volumes: Sequence[Mapping[str, Any]],
    platform: str,
    execution_role: str | None,
    may_name_group: bool = False,
) -> None:
    """Raise ClientException for what Batch refuses of a container on this platform.

    `volumes` and `execution_role` are its task's. `may_name_group`: ecsProperties document `user:group`.
    """
    is_fargate = platform == FARGATE
    if not container.get("image"):
        raise refusal(ctx, "Container image must be specified")
    if len(container["image"]) > LONGEST_IMAGE:
        raise refusal(ctx, f"Container image can have at most {LONGEST_IMAGE} characters")
    check_environment(ctx, container.get("environment") or ())
    _check_user(ctx, container.get("user") or "", may_name_group=may_name_group)
    check_parts(container, volumes, partial(refusal, ctx), fargate=is_fargate)
    check_timeouts(container, ("startTimeout", "stopTimeout"), partial(refusal, ctx))
    _check_logging(ctx, container.get("logConfiguration"), is_fargate=is_fargate)
    options = (container.get("logConfiguration") or {}).get("secretOptions")
    if (container.get("secrets") or options) and not execution_role:
        raise refusal(ctx, "executionRoleArn cannot be empty when using secrets or secretOptions")
    for member in ("privileged", "ulimits") if is_fargate else ():
        if container.get(member):
            raise refusal(ctx, f"{member} is not applicable for Fargate.")


def check_environment(ctx: Context, environment: Sequence[Mapping[str, str]]) -> None:
    """Each variable has a name. Those that begin with AWS_BATCH are taken, and never seen by the job: what-aws-says.md
    14. The text is a guess."""
    if any(not pair.get("name") for pair in environment):
        raise refusal(ctx, "Environment variable name should not be null or empty")


def read_back(container: Mapping[str, Any]) -> dict[str, Any]:
    """The container as Batch shows it: what was given, and the empty members that AWS adds.

    what-aws-says.md 15; further defaults are those that Terraform's provider takes out before it compares
    (hashicorp/terraform-provider-aws, internal/service/batch).
    """
    shown: dict[str, Any] = {**{name: [] for name in LISTS}, **container}
    if shown.get("logConfiguration"):
        shown["logConfiguration"] = {"options": {}, "secretOptions": [], **shown["logConfiguration"]}
    if shown.get("linuxParameters") is not None:
        linux = {"devices": [], "tmpfs": [], **shown["linuxParameters"]}
        linux["devices"] = [{"permissions": [], **one} for one in linux["devices"]]
        linux["tmpfs"] = [{"mountOptions": [], **one} for one in linux["tmpfs"]]
        shown["linuxParameters"] = linux
    return shown


def _check_user(ctx: Context, user: str, *, may_name_group: bool) -> None:
    known = _USER_AND_GROUP if may_name_group else _SIMPLE_USER
    if user and not known.fullmatch(user):
        raise refusal(ctx, f"User '{user}' does not match regex {_USER_NAME}")


def _check_logging(ctx: Context, given: Mapping[str, Any] | None, *, is_fargate: bool) -> None:
    if not given:
        return
    driver = given["logDriver"]
    if driver == "awslogs":
        options = given.get("options") or {}
        check_awslogs(options, partial(refusal, ctx))
        for option in MULTILINE:
            if options.get(option):
                raise _MULTILINE(f"the log option {option}")
    elif is_fargate and driver not in FARGATE_LOG_DRIVERS:
        raise refusal(ctx, f"Log driver {driver} is not supported for Fargate.")
