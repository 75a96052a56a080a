"""Amazon ECS: clusters, task definitions, container instances, and tasks that an engine really runs."""

from batchyard.services.ecs import (
    account_settings,
    capacity_providers,
    clusters,
    container_instances,
    tags,
    task_definition_lists,
    task_definitions,
    task_runs,
    tasks,
)
from batchyard.services.ecs.controllers import agents, sweeping
from batchyard.services.ecs.controllers import tasks as task_controller
from batchyard.services.ecs.service import ecs

__all__ = [
    "account_settings",
    "agents",
    "capacity_providers",
    "clusters",
    "container_instances",
    "ecs",
    "sweeping",
    "tags",
    "task_controller",
    "task_definition_lists",
    "task_definitions",
    "task_runs",
    "tasks",
]
