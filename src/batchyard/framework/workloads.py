"""Workloads: what a service runs for an account and what has a role of its own, a task or an instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from batchyard.framework.errors import ApiError

if TYPE_CHECKING:
    from batchyard.framework.clients import Clients
    from batchyard.framework.runtime import Runtime
    from batchyard.store.transaction import Transaction

TASKS = "ecs-tasks.amazonaws.com"
"""As whom a task's roles are assumed (ECS developer guide, "Task execution IAM role")."""
INSTANCES = "ec2.amazonaws.com"
"""As whom the role of an instance's profile is assumed (EC2 user guide, "IAM roles for Amazon EC2")."""

CREDENTIALS_ROOT = "/_batchyard/task-credentials/"
"""Below it, by its id, each task finds its task role's credentials."""
METADATA_ROOT = "/_batchyard/task-metadata/"

Use = Literal["task", "execution", "instance"]
"""Which role of a workload: a task has two, an instance has one."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One task or instance, and which of its roles is meant. Its sessions have its id as their name, as on AWS."""

    principal: str
    """Who assumes the role: TASKS or INSTANCES."""
    use: Use
    account: str
    partition: str
    region: str
    name: str
    """The id of the task or the instance."""

    @classmethod
    def task(cls, at: Mapping[str, str], identity: str, use: Literal["task", "execution"]) -> Workload:
        """A task as its task role or as its execution role; `at` is its account, partition and Region."""
        return cls(TASKS, use, **at, name=identity)

    @classmethod
    def instance(cls, at: Mapping[str, str], identity: str) -> Workload:
        """An EC2 instance as the role of its instance profile."""
        return cls(INSTANCES, "instance", **at, name=identity)


@dataclass(frozen=True, slots=True)
class NamedRole:
    """What a workload's row says of the role that is meant."""

    role_arn: str | None
    """None: it has no such role."""
    source_arn: str
    """The workload's ARN: aws:SourceArn where the role is assumed."""


FindRole = Callable[["Runtime", "Transaction", Workload], NamedRole | None]
"""What the service that keeps the workload's row answers; None: there is no such workload (any more)."""


@dataclass(frozen=True, slots=True)
class WorkloadRoles:
    """Declared by the service that keeps the rows: `Service(workloads=[WorkloadRoles(TASKS, find_role)])`."""

    principal: str
    find: FindRole


class NoCredentials(ApiError):
    """The workload has no such role, so it has nothing to sign with.

    Code and text are those of the Go SDK that the agents of ECS and Docker have (docker-archive/for-aws#127).
    """

    def __init__(self) -> None:
        super().__init__("NoCredentialProviders", "no valid providers in chain. Deprecated.")


class WorkloadEnded(NoCredentials):
    """There is no such task or instance (any more)."""


class Workloads(Protocol):
    """Acts as workloads: the gateway's, as sessions are made nowhere else."""

    def clients(self, workload: Workload, *, region: str) -> Clients:
        """Clients bound to the role that the workload's row names.

        The role is assumed at the first call, as the workload's service principal; that is audited, and the trust
        policy decides. Each call is judged by the role's policies of that moment. Raises by the call NoCredentials
        or WorkloadEnded, or AccessDenied with `service` "sts" where the role may not be assumed.
        """

    def credentials(self, workload: Workload) -> dict[str, Any]:
        """Credentials of the role, in STS's shape, with at least 20 minutes left; SDKs begin to ask for others 15
        minutes before the end. The same until then. Raises as the calls of `clients` do.
        """


@dataclass(frozen=True, slots=True)
class Door:
    """What a running task asks this server by, and what it is told."""

    workload: Workload
    """The task, as its task role."""
    role_arn: str | None
    token: str = field(repr=False)
    """What opens the credentials' address."""
    containers: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """Its containers, each by the part of its metadata's address that nobody else knows."""
    task: Mapping[str, Any]
