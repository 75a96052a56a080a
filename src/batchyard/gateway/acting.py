"""Gives controllers their clients: a role assumed through the gateway as the service's principal."""

from __future__ import annotations

from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs
from batchyard.framework.service import Service
from batchyard.framework.work import Key
from batchyard.gateway.assuming import Assumer, Assumption
from batchyard.gateway.clients import GatewayClients
from batchyard.identity.session import Origin


class Acting:
    """What a service does on its own, it does as a role that it assumes."""

    def __init__(self, assumer: Assumer) -> None:
        self._assumer = assumer

    def for_key(self, service: Service, key: Key) -> ActingAs:
        """`acting_as` for one key of one of the service's controllers."""

        def acting_as(
            role_arn: str, *, principal: str | None = None, source_arn: str | None = None
        ) -> Clients:
            principal = principal or service.principal
            if principal not in (service.principal, *service.further_principals):
                raise ValueError(f"{service.name} does not act as {principal}")
            assumption = Assumption(
                principal=principal,
                role_arn=role_arn,
                account=key.account,
                partition=key.partition,
                region=key.region,
                session_name=_session_name(service, principal),
                source_arn=source_arn,
            )
            clients: Any = GatewayClients(
                lambda call: self._assumer.call(assumption, call), region=key.region, origin=Origin()
            )
            acting: Clients = clients
            return acting

        return acting_as


def _session_name(service: Service, principal: str) -> str:
    """What the service calls its sessions as this principal (Batch: aws-batch, batch-on-behalf.md 3)."""
    for role in service.linked_roles:
        if role.principal == principal:
            return role.session_name
    return service.name
