"""The running system as services see it: settings, clock, registry, engine, and the doors they were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batchyard.clock import Clock
from batchyard.config import Settings
from batchyard.data.managed_policies import ManagedPolicy

if TYPE_CHECKING:
    from batchyard.framework.open_engines import OpenEngines
    from batchyard.framework.ports import (
        IdentityProviderSource,
        MfaSource,
        PolicySource,
        SessionIssuer,
        TokenIssuerSource,
    )
    from batchyard.framework.service import Service, ServiceLinkedRole
    from batchyard.framework.sole_server import SoleServer
    from batchyard.framework.work import Topics
    from batchyard.framework.workloads import Workloads
    from batchyard.identity.epochs import Epochs
    from batchyard.identity.keyring import Keyring
    from batchyard.store.store import Store


@dataclass(slots=True)
class Runtime:
    """One running system. Services read it from `ctx.runtime`; only app.py makes it."""

    settings: Settings
    clock: Clock
    store: Store
    services: Mapping[str, Service]
    keyring: Keyring
    epochs: Epochs
    topics: Topics
    policies: PolicySource
    mfa: MfaSource
    identity_providers: IdentityProviderSource
    identity_keys: Path
    """Where the public keys of OpenID Connect issuers lie."""
    token_issuers: TokenIssuerSource
    sole: SoleServer
    """What is in memory and would be wrong beside a second server."""
    engines: OpenEngines
    """Those that are open, by name, with what they make true."""
    issuer: SessionIssuer
    find_managed_policy: Callable[[str], ManagedPolicy | None]
    """AWS managed policies by name or ARN; a test may give a copy that lacks a statement."""
    workloads: Workloads = field(init=False)
    """Acts as tasks and instances; app.py sets it once the gateway stands."""
    endpoint: str = ""
    """Where this server is reached: what jobs get as AWS_ENDPOINT_URL."""
    wake: Callable[[Sequence[Any]], None] = lambda rows: None
    """Tells the controllers' driver of work that was committed: (key, the moment from which it is due; None: now)."""

    @property
    def public_url(self) -> str:
        """This server's address as others know it."""
        return (self.settings.public_url or self.endpoint).rstrip("/")

    def endpoint_of(self, engine: str) -> str:
        """Where the jobs of an engine reach this server."""
        return self.engines.endpoint_of(engine, here=self.endpoint, public=self.public_url)

    def linked_role(self, principal: str) -> ServiceLinkedRole | None:
        """The service-linked role of a service principal, where the service behind it is here."""
        for service in self.services.values():
            for role in service.linked_roles:
                if role.principal == principal:
                    return role
        return None
