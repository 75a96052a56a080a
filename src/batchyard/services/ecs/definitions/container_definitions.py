"""What a task definition says of its container: checked as ECS checks it, with ECS's defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.engines.contract import CONTAINER_NAME
from batchyard.framework.container_order import check_order
from batchyard.framework.container_parts import check_parts, check_timeouts, check_volumes
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ecs.definitions.task_sizes import LEAST_MEMORY
from batchyard.services.ecs.service import ecs

NOT_HONOURED = (
    "repositoryCredentials",
    "links",
    "portMappings",
    "restartPolicy",
    "environmentFiles",
    "volumesFrom",
    "linuxParameters.capabilities",
    "secrets",
    "hostname",
    "disableNetworking",
    "dnsServers",
    "dnsSearchDomains",
    "extraHosts",
    "dockerSecurityOptions",
    "interactive",
    "pseudoTerminal",
    "healthCheck",
    "systemControls",
    "firelensConfiguration",
    "credentialSpecs",
    "logConfiguration.secretOptions",
    "resourceRequirements.sharingStrategy",
)
"""Members of a container definition that are refused by name: no engine is asked for them."""

LOG_OPTIONS = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group", "mode")
NAMELESS = "Environment variable name should not be null or empty."
"""What a variable without a name is refused with (the text is a guess)."""
MOST_CONTAINERS = 10
"""Of a task definition (ECS developer guide, service quotas)."""
CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
LONGEST_STOP_TIMEOUT = 120
"""Seconds, Fargate's own limit; ECS reference of ContainerDefinition.stopTimeout."""

_REGISTERING = ("RegisterTaskDefinition",)
_LOG_DRIVERS = ecs.unbuilt(
    "`containerDefinitions.logConfiguration.logDriver` other than `awslogs`", on=_REGISTERING
)
_LOG_OPTIONS = ecs.unbuilt(
    f"`containerDefinitions.logConfiguration.options` other than {', '.join(f'`{one}`' for one in LOG_OPTIONS)}",
    on=_REGISTERING,
)


def normalized(
    containers: Sequence[Mapping[str, Any]],
    volumes: Sequence[Mapping[str, Any]],
    *,
    task_memory: bool,
    fargate: bool,
) -> list[dict[str, Any]]:
    """The containers with ECS's defaults; raises ClientException for what ECS refuses (their number: a guess's text).

    `volumes` are the task's. `task_memory`: the task has a memory of its own, so that a container needs none.
    """
    check_volumes(volumes, ecs.error.ClientException, fargate=fargate)
    if not containers:
        raise ecs.error.ClientException("Container list cannot be empty.")
    if len(containers) > MOST_CONTAINERS:
        raise ecs.error.ClientException(f"A task definition can have at most {MOST_CONTAINERS} containers.")
    made = [_normalized(one, task_memory=task_memory) for one in containers]
    check_order(made, ecs.error.ClientException, conditions=CONDITIONS)
    for one in made:
        check_timeouts(one, ("startTimeout",), ecs.error.ClientException)
        check_parts(one, volumes, ecs.error.ClientException, fargate=fargate)
    return made


def _normalized(container: Mapping[str, Any], *, task_memory: bool) -> dict[str, Any]:
    """Letters of a name: the API reference of ContainerDefinition.name; that text is a [guess]."""
    name = container.get("name")
    if not name:
        raise ecs.error.ClientException("Container.name should not be null or empty.")
    if not CONTAINER_NAME.fullmatch(name):
        raise ecs.error.ClientException("Container.name contains invalid characters.")
    if not container.get("image"):
        raise ecs.error.ClientException("Container.image should not be null or empty.")
    _check_lists(name, container)
    _check_memory(name, container, task_memory=task_memory)
    _check_logging(container.get("logConfiguration"))
    if container.get("stopTimeout", 0) > LONGEST_STOP_TIMEOUT:
        raise ecs.error.ClientException(
            f"Invalid setting for container '{name}'. 'stopTimeout' must be at most 120."
        )
    defaults = {"cpu": 0, "essential": True, "environment": [], "mountPoints": [], "volumesFrom": []}
    return {**defaults, "portMappings": [], "systemControls": [], **container}


def _check_lists(name: str, container: Mapping[str, Any]) -> None:
    """Variables have names, GPUs are counted (the texts are guesses)."""
    if any(not pair.get("name") for pair in container.get("environment") or ()):
        raise ecs.error.ClientException(NAMELESS)
    for need in container.get("resourceRequirements") or ():
        if need["type"] == "GPU" and whole_number(need.get("value", "")) is None:
            raise ecs.error.ClientException(
                f"Invalid setting for container '{name}'. GPU value '{need.get('value')}' is not a whole number."
            )


def _check_memory(name: str, container: Mapping[str, Any], *, task_memory: bool) -> None:
    setting = f"Invalid setting for container '{name}'. "
    limit, reservation = container.get("memory"), container.get("memoryReservation")
    if limit is None and reservation is None:
        if task_memory:
            return
        raise ecs.error.ClientException(
            f"{setting}At least one of 'memory' or 'memoryReservation' must be specified."
        )
    if limit is not None and reservation is not None and reservation > limit:
        raise ecs.error.ClientException(
            f"{setting}The 'memory' hard limit must be greater than 'memoryReservation'."
        )
    if any(value is not None and value < LEAST_MEMORY for value in (limit, reservation)):
        raise ecs.error.ClientException(f"{setting}Minimum memory is {LEAST_MEMORY} MiB.")


def _check_logging(configuration: Mapping[str, Any] | None) -> None:
    if configuration is None:
        return
    driver = configuration["logDriver"]
    if driver != "awslogs":
        raise _LOG_DRIVERS(f"the log driver {driver}")
    options = configuration.get("options") or {}
    for needed in ("awslogs-group", "awslogs-region"):
        if not options.get(needed):
            raise ecs.error.ClientException(
                f"Log driver awslogs requires options: awslogs-group, awslogs-region; {needed} is missing."
            )
    for option in options:
        if option not in LOG_OPTIONS:
            raise _LOG_OPTIONS(f"the log option {option}")
