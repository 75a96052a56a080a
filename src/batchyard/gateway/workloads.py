"""The fourth identity: a task or an instance, as the role that its own row names and as no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.runtime import Runtime
from batchyard.framework.workloads import NamedRole, NoCredentials, Workload, WorkloadEnded
from batchyard.gateway.assuming import Assumer, Assumption
from batchyard.gateway.clients import GatewayClients
from batchyard.identity.session import Call, Origin

_LEAST_LEFT = timedelta(minutes=20)


class WorkloadSessions:
    """Acts as workloads (`framework.workloads.Workloads`). The service that keeps the row says which role it is."""

    def __init__(self, runtime: Runtime, assumer: Assumer) -> None:
        self._runtime = runtime
        self._assumer = assumer
        self._find = {
            declared.principal: declared.find
            for service in runtime.services.values()
            for declared in service.workloads
        }

    def clients(self, workload: Workload, *, region: str) -> Clients:
        """Clients bound to the workload's role; its row is read once, at the first call."""
        known: list[Assumption] = []

        def call(sent: Call) -> dict[str, Any]:
            if not known:
                known.append(self._assumption(workload))
            return self._assumer.call(known[0], sent)

        clients: Any = GatewayClients(call, region=region, origin=Origin())
        made: Clients = clients
        return made

    def credentials(self, workload: Workload) -> dict[str, Any]:
        """Credentials of the workload's role, in STS's shape; its row is read each time."""
        return self._assumer.credentials(self._assumption(workload), least=_LEAST_LEFT)

    def _assumption(self, workload: Workload) -> Assumption:
        named = self._named(workload)
        if named.role_arn is None:
            raise NoCredentials
        return Assumption(
            principal=workload.principal,
            role_arn=named.role_arn,
            account=workload.account,
            partition=workload.partition,
            region=workload.region,
            session_name=workload.name,
            source_arn=named.source_arn,
        )

    def _named(self, workload: Workload) -> NamedRole:
        find = self._find.get(workload.principal)
        with self._runtime.store.read() as tx:
            named = None if find is None else find(self._runtime, tx, workload)
        if named is None:
            raise WorkloadEnded
        return named
