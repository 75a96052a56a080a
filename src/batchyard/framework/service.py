"""A service: its name, its operations, its controllers and the role that it acts as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from batchyard.audit import resource_types as resource_types_of_audit
from batchyard.framework.check import Target
from batchyard.framework.errors import ApiError
from batchyard.framework.operation import Conditions, OperationEntry, OperationFunction, Unsigned
from batchyard.framework.pagination import Refuse, paged
from batchyard.framework.reserved_tags import ReservedTag
from batchyard.framework.unbuilt import UnbuiltValue
from batchyard.wire import facts
from batchyard.wire import model as wire_model
from batchyard.wire.facts import WireFacts

if TYPE_CHECKING:
    from batchyard.framework.context import Context
    from batchyard.framework.controller import Controller
    from batchyard.framework.runtime import Runtime
    from batchyard.framework.workloads import WorkloadRoles
    from batchyard.identity.session import Session
    from batchyard.store.transaction import Transaction

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class RoleUse:
    """Where a service-linked role is in use: one Region and the ARNs of what uses it there."""

    region: str
    resources: tuple[str, ...]


InUse = Callable[["Transaction", str, str, str], Iterable[RoleUse]]
"""(transaction, partition, account, role ARN) → where the role is in use, over all Regions; an indexed read."""


@dataclass(frozen=True, slots=True)
class ServiceLinkedRole:
    """The service-linked role that a service acts as; its shape stands in `data/service_linked_roles`."""

    principal: str
    session_name: str
    in_use: InUse


RefuseTemporary = Callable[["Session", str], None]
"""(session with temporary credentials, operation); raises ApiError, or UnknownCredentials."""


class ErrorFactory:
    """`batch.error.ClientException("…")`: an ApiError with the code and status that the model gives the shape."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __getattr__(self, shape: str) -> Callable[..., ApiError]:
        if shape.startswith("__"):
            raise AttributeError(shape)

        def make(message: str, *, status: int | None = None, **members: Any) -> ApiError:
            declared = wire_model.load(self._service).error_shape(shape)
            code = getattr(declared, "error_code", None) or shape
            http_status = status or getattr(declared, "http_status", None) or 400
            fault = "Receiver" if http_status >= 500 else "Sender"
            return ApiError(code, message, status=http_status, fault=fault, members=members)

        return make


def _no_words(ctx: Context, path: str) -> ApiError:
    raise LookupError(f"{ctx.service.name} does not say how it refuses a reserved tag at {path}")


class Service:
    """One AWS service, with the facts about itself that no model has: nobody else writes a service's name.

    `name` is botocore's; `prefix` stands in its actions and ARNs. `wire`: how its requests are told apart and refused.
    `resource_types`: CloudFormation's names by the kind in its ARNs, for the audit.
    `is_global`: its events are of one Region of the partition. `endpoint_regions`: where its one endpoint of a
    partition is (aws:RequestedRegion); empty where each Region has its own.
    `further_principals` are those that it assumes roles as beside its own (spotfleet.amazonaws.com for EC2);
    `workloads` says which role a task or an instance of its has.
    `invalid_token`: its error for a page token that it did not give; None: it has no pages.
    `refuse_temporary` raises where temporary credentials cannot do an operation, whatever policies say.
    """

    def __init__(
        self,
        name: str,
        *,
        principal: str,
        title: str,
        wire: WireFacts,
        resource_types: Mapping[str, str] | None = None,
        refuse_temporary: RefuseTemporary | None = None,
        is_global: bool = False,
        endpoint_regions: Mapping[str, str] | None = None,
        linked_roles: Sequence[ServiceLinkedRole] = (),
        prefix: str | None = None,
        further_principals: Sequence[str] = (),
        invalid_token: Refuse | None = None,
        workloads: Sequence[WorkloadRoles] = (),
    ) -> None:
        self.name = name
        self.principal = principal
        self.title = title
        self.is_global = is_global
        self.endpoint_regions = endpoint_regions or {}
        self.linked_roles = tuple(linked_roles)
        self.prefix = prefix or name
        self.further_principals = tuple(further_principals)
        self._invalid_token = invalid_token
        self.workloads = tuple(workloads)
        self.operations: dict[str, OperationEntry] = {}
        self.controllers: list[Callable[[Runtime], Controller]] = []
        self.unbuilt_values: list[UnbuiltValue] = []
        self.refuse_temporary = refuse_temporary
        self.error = ErrorFactory(name)
        facts.declare(name, wire)
        resource_types_of_audit.declare(self.prefix, resource_types or {})
        self.reserved_tag: ReservedTag = _no_words

    def operation(
        self,
        *,
        on: Sequence[Target] | Target,
        passes: Sequence[Target] = (),
        writes: bool = False,
        tags: str | None = None,
        tag_keys: str | None = None,
        conditions: Conditions | None = None,
        action: str | None = None,
        honours: Iterable[str] | None = None,
        refuses: Sequence[str] = (),
        unsigned: Unsigned | None = None,
        takes_reserved_tags: bool = False,
        one_by_one: bool = False,
        read_only: bool | None = None,
        name: str = "",
    ) -> Callable[[F], F]:
        """Register a function as the operation of the same name (see `OperationEntry` for the arguments).

        The name is AWS's in snake case; a name that the model does not have fails when the model is first loaded
        (loading all models at import would cost every command a second). `name`: of an operation whose function was
        made for several.
        """

        def register(function: F) -> F:
            known_as = name or function.__name__
            if known_as in self.operations:
                raise ValueError(f"{self.name}.{known_as} is registered twice")
            self.operations[known_as] = OperationEntry(
                name=known_as,
                function=self._paged(function) if not writes else function,
                on=(on,) if callable(on) else tuple(on),
                passes=tuple(passes),
                writes=writes,
                tags=tags,
                tag_keys=tag_keys,
                conditions=conditions,
                action=action,
                honours=None if honours is None else frozenset(honours),
                refuses=tuple(refuses),
                unsigned=unsigned,
                takes_reserved_tags=takes_reserved_tags,
                one_by_one=one_by_one,
                read_only=read_only,
            )
            return function

        return register

    def _paged(self, function: F) -> F | OperationFunction:
        return function if self._invalid_token is None else paged(function, self._invalid_token)

    def refuses_reserved_tags(self, words: ReservedTag) -> ReservedTag:
        """Register what the service says to a tag whose key begins with `aws:`; every service with tags has to."""
        self.reserved_tag = words
        return words

    def controller(self, make: F) -> F:
        """Register a controller: a class made with the `Runtime`."""
        self.controllers.append(make)
        return make

    def unbuilt(self, described: str, *, on: Sequence[str]) -> UnbuiltValue:
        """Declare a value that the named operations refuse with 501: `raise LOG_DRIVERS("the log driver syslog")`."""
        declared = UnbuiltValue(described, tuple(on))
        self.unbuilt_values.append(declared)
        return declared

    def misspelt(self) -> list[str]:
        """Registered names that the model does not have; empty in a sound service."""
        model = wire_model.load(self.name)
        return [name for name in self.operations if model.by_snake_name(name) is None]
