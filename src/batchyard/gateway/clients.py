"""Clients that look like boto3's and call the gateway: what a service holds to reach another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from batchyard.identity.session import Call, Origin
from batchyard.wire import model as wire_model

Invoke = Callable[[Call], dict[str, Any]]


class GatewayClients:
    """`aws.ecs.run_task(cluster=…)` for one session and Region (`framework.clients.Clients`)."""

    def __init__(self, invoke: Invoke, *, region: str, origin: Origin) -> None:
        self._invoke = invoke
        self._region = region
        self._origin = origin

    def __getattr__(self, service: str) -> ServiceClient:
        if service.startswith("_"):
            raise AttributeError(service)
        client = ServiceClient(service, self._invoke, self._region, self._origin)
        self.__dict__[service] = client
        return client


class ServiceClient:
    """One service's operations as methods in snake case, taking AWS's member names as keywords."""

    def __init__(self, service: str, invoke: Invoke, region: str, origin: Origin) -> None:
        self._service = service
        self._invoke = invoke
        self._region = region
        self._origin = origin

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = wire_model.load(self._service).by_snake_name(name)
        if operation is None:
            raise AttributeError(f"{self._service} has no operation {name}")
        wire_name = operation.name

        def call(**request: Any) -> dict[str, Any]:
            return self._invoke(Call(self._service, wire_name, request, self._region, self._origin))

        self.__dict__[name] = call
        return call
