"""Builds the running system from its settings: the one file that knows every part."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from batchyard import ids
from batchyard.audit.tables import events
from batchyard.audit.trail import Trail
from batchyard.clock import AdvancedClock, Clock, SystemClock
from batchyard.config import Settings
from batchyard.data import managed_policies
from batchyard.data.managed_policies import ManagedPolicy
from batchyard.driving.driver import Driver
from batchyard.engines.contract import Engine
from batchyard.engines.powers import CLOSED, OPEN
from batchyard.engines.process import job_users
from batchyard.engines.registry import DEFAULT, ENGINES, Given
from batchyard.engines.tables import EngineTable
from batchyard.framework.clients import Clients
from batchyard.framework.controller import Controller
from batchyard.framework.open_engines import OpenEngines
from batchyard.framework.runtime import Runtime
from batchyard.framework.service import Service
from batchyard.framework.sole_server import SoleServer
from batchyard.framework.work import Topics
from batchyard.framework.workloads import Door
from batchyard.gateway.acting import Acting
from batchyard.gateway.assuming import Assumer
from batchyard.gateway.authenticate import Authenticator
from batchyard.gateway.authorize import Authorizer
from batchyard.gateway.clients import GatewayClients
from batchyard.gateway.console_sessions import ConsoleSessions
from batchyard.gateway.gateway import Gateway
from batchyard.gateway.sessions import Sessions, root_session
from batchyard.gateway.workloads import WorkloadSessions
from batchyard.identity.epochs import Epochs
from batchyard.identity.keyring import Keyring, open_keyring
from batchyard.identity.session import Origin
from batchyard.identity.token_issuers import find_document
from batchyard.server.asgi import Answer, Application
from batchyard.server.console import console_routes
from batchyard.server.cors import Cors
from batchyard.server.own_routes import routes
from batchyard.server.proxies import Proxies
from batchyard.server.strangers import Strangers
from batchyard.server.task_credentials import task_routes
from batchyard.services import NAMES, load_services
from batchyard.services.iam.credentials.console_passwords import ConsolePasswords
from batchyard.services.iam.federation.provider_ports import ProviderSource
from batchyard.services.iam.federation.token_issuers import TokenIssuers
from batchyard.services.iam.ports import IamSource
from batchyard.services.iam.principals.administrators import has_administrator
from batchyard.store import privacy
from batchyard.store.store import DirectoryLock, Store, open_store
from batchyard.store.transaction import Transaction
from batchyard.store.types import metadata
from batchyard.store.writer import CommitHook

if TYPE_CHECKING:
    from batchyard.services.batch.notices.teller import Teller

_log = logging.getLogger(__name__)

NOTIFY_KEY = "notify.key"
"""What signs what is told, in the data directory."""
_NOTICES = "batch_notices"
"""The table of what is still to be told of jobs: it is there where the service is."""
_SERVICE_SESSIONS = 2048
"""Sessions of services' own roles that are remembered: one for each account and role."""
_WORKLOAD_SESSIONS = 8192
"""Sessions of tasks and instances that are remembered: one for each that writes output."""

FindManagedPolicy = Callable[[str], ManagedPolicy | None]


class App:
    """One running system; `application` is its ASGI application. `services`: those that it has, all by default."""

    def __init__(
        self,
        settings: Settings,
        *,
        services: Iterable[str] = NAMES,
        find_managed_policy: FindManagedPolicy = managed_policies.find,
        commit_hook: CommitHook | None = None,
        check_results: bool = False,
    ) -> None:
        self.settings = settings
        self._closing = ExitStack()
        with ExitStack() as opened:
            self._open(opened, services, find_managed_policy, commit_hook, check_results)
            self._closing = opened.pop_all()

    def _open(
        self,
        opened: ExitStack,
        services: Iterable[str],
        find_managed_policy: FindManagedPolicy,
        commit_hook: CommitHook | None,
        check_results: bool,
    ) -> None:
        """Make every part; `opened` gets how each is ended, so that what cannot be made leaves nothing behind."""
        settings = self.settings
        self._sole = SoleServer()
        self.directory = self._open_directory(settings, opened)
        opened.callback(DirectoryLock(self.directory).release)
        self.clock: Clock = AdvancedClock() if settings.test_clock else SystemClock()
        # Before the database: a database without its key then has lost its key.
        keyring = open_keyring(self.directory)
        self.store: Store = open_store(
            self.directory,
            durable=not settings.ephemeral,
            commit_hook=commit_hook,
            remembered=self._sole.remembered,
        )
        opened.callback(self.store.close)
        self.services = load_services(services)
        self.engines = _make_engines(settings, self.directory)
        self.engine = self.engines[self.engines.default]
        for engine in self.engines.values():
            opened.callback(engine.close, end_attempts=settings.ephemeral)
        self.trail = Trail(self._sole.numbering)
        self.runtime = self._make_runtime(keyring, find_managed_policy)
        self._controllers = _make_controllers(self.services, self.runtime)
        self.strangers = Strangers(settings)
        self.gateway = self._make_gateway(check_results)
        self.runtime.workloads = WorkloadSessions(self.runtime, self._assumer(_WORKLOAD_SESSIONS))
        self.teller = self._make_teller()
        if self.teller is not None:
            opened.callback(self.teller.stop)
        self.driver = self._make_driver()
        opened.callback(self.driver.stop)
        self.application = Application(
            self.gateway.handle,
            self.store.write_async,
            unsigned={**self._own_routes(), **self._task_routes(), **self._console_routes()},
            cors=Cors(settings.allowed_origins),
            proxies=Proxies(settings.trusted_proxies),
            threads=settings.request_threads,
        )
        opened.callback(self.application.close)

    def start(self, endpoint: str) -> None:
        """Begin to drive the controllers; `endpoint` is where jobs reach this server."""
        self.runtime.endpoint = endpoint
        if self.teller is not None:
            self.teller.start()
        self.driver.start()

    def close(self) -> None:
        """End every part, the newest first; attempts go on unless the server is ephemeral."""
        self._closing.close()

    def reset(self, account: str | None) -> None:
        """End an account's jobs and forget it; or every account."""
        with self.store.read() as tx:
            accounts = [account] if account else _accounts(tx)
        for one in accounts:
            for engine in self.engines.values():
                engine.stop_account(one)
        self.store.write(lambda tx: self._forget(tx, account))
        for controller in self._controllers:
            controller.forgotten()

    def has_administrator(self) -> bool:
        """Whether somebody can sign as an administrator without development credentials."""
        with self.store.read() as tx:
            return has_administrator(tx)

    def clients_of_root(self, account: str, *, user_agent: str) -> Clients:
        """Clients that act as an account's root user: for who holds the data directory, on this machine."""
        session = root_session("aws", account, "", self.runtime.epochs.of(account))
        clients: Any = GatewayClients(
            lambda call: self.gateway.invoke(session, call),
            region="us-east-1",
            origin=Origin(user_agent=user_agent, request_id=ids.uuid4()),
        )
        made: Clients = clients
        return made

    def _forget(self, tx: Transaction, account: str | None) -> None:
        self.runtime.epochs.end(tx, account)
        for table in reversed(metadata.sorted_tables):
            if "account" in table.columns:
                everyone = delete(table)
                tx.run(everyone if account is None else everyone.where(table.c.account == account))
        self.identities.forget(tx, account)
        self.trail.forget(account)

    def _open_directory(self, settings: Settings, opened: ExitStack) -> Path:
        if settings.ephemeral:
            memory = Path("/dev/shm")
            made = tempfile.TemporaryDirectory(prefix="batchyard-", dir=memory if memory.is_dir() else None)
            directory = Path(opened.enter_context(made))
        else:
            directory = settings.directory
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in privacy.close(directory, settings.identity_keys):
            _log.warning("others could open %s: it is closed to them from now on", path)
        return directory

    def _make_runtime(self, keyring: Keyring, find_managed_policy: FindManagedPolicy) -> Runtime:
        with self.store.read() as tx:
            epochs = Epochs(tx, self._sole.epochs)
        self.identities = IamSource(keyring, find_managed_policy, used_codes=self._sole.used_codes)
        listeners: dict[str, list[str]] = {}
        for service in self.services.values():
            for controller in service.controllers:
                for topic in getattr(controller, "listens", ()):
                    listeners.setdefault(topic, []).append(controller.name)  # type: ignore[attr-defined]
        self.sessions = Sessions(keyring)
        return Runtime(
            settings=self.settings,
            clock=self.clock,
            store=self.store,
            services=self.services,
            keyring=keyring,
            epochs=epochs,
            topics=Topics(listeners),
            policies=self.identities,
            mfa=self.identities,
            identity_providers=ProviderSource(keyring),
            identity_keys=self.settings.identity_keys or self.directory / privacy.IDENTITY_KEYS,
            token_issuers=TokenIssuers(keyring),
            sole=self._sole,
            engines=self.engines,
            find_managed_policy=find_managed_policy,
            issuer=self.sessions,
        )

    def _make_gateway(self, check_results: bool) -> Gateway:
        self._authenticator = Authenticator(
            store=self.store,
            credentials=self.identities,
            sessions=self.sessions,
            epochs=self.runtime.epochs,
            refusal_of_development=self.strangers.refusal_of_credentials
            if self.settings.knows_development_credentials
            else None,
        )
        return Gateway(
            self.runtime,
            authenticator=self._authenticator,
            authorizer=Authorizer(self.runtime.policies),
            trail=self.trail,
            check_results=check_results,
        )

    def _assumer(self, kept: int) -> Assumer:
        return Assumer(self.gateway, self.sessions, self.runtime, kept=kept)

    def _make_teller(self) -> Teller | None:
        """Who tells of jobs, where the setting `notify` says to whom; else what is still to be told is forgotten."""
        if _NOTICES not in metadata.tables:
            return None
        # Imported when asked: a command that builds a system without Batch does not load it.
        from batchyard.services.batch.notices import notices, receivers
        from batchyard.services.batch.notices.teller import Teller

        if not self.settings.notify:
            self.store.write(notices.forget_all)
            return None
        key = receivers.key_of(self.settings.notify_key or self.directory / NOTIFY_KEY)
        teller = Teller(self.store, self.clock, receivers.receiver(self.settings.notify), key)
        teller.listen()
        return teller

    def _make_driver(self) -> Driver:
        acting = Acting(self._assumer(_SERVICE_SESSIONS))
        driver = Driver(
            self.runtime,
            list(self._controllers),
            lambda key: acting.for_key(self._controllers_service[key.controller], key),
            threads=self.settings.controller_threads,
        )
        self.runtime.wake = driver.wake
        return driver

    @property
    def _controllers_service(self) -> Mapping[str, Service]:
        return {controller.name: service for controller, service in self._controllers.items()}

    def _own_routes(self) -> dict[str, Answer]:
        loopback = self.settings.is_loopback
        clock = self.clock
        return routes(
            health=self._health,
            reset=self.reset if self.settings.knows_development_credentials else None,
            advance=clock.advance
            if isinstance(clock, AdvancedClock) and loopback and self.settings.ephemeral
            else None,
            issuer_document=self._issuer_document,
            refusal_of_route=self.strangers.refusal_of_route,
        )

    def _task_routes(self) -> dict[str, Answer]:
        def find(identity: str) -> Door | None:
            # Imported when asked: a command that builds a system without ECS does not load it.
            from batchyard.services.ecs.tasks.task_doors import TaskDoors

            with self.store.read() as tx:
                return TaskDoors(self.runtime.keyring).find(tx, identity)

        return task_routes(find, self.runtime.workloads)

    def _console_routes(self) -> dict[str, Answer]:
        sessions = ConsoleSessions(
            self.runtime,
            gateway=self.gateway,
            authenticator=self._authenticator,
            sessions=self.sessions,
            source=ConsolePasswords(self.identities),
            trail=self.trail,
        )
        return console_routes(sessions, develops=self.settings.accepts_development_credentials)

    def _issuer_document(self, path: str) -> dict[str, object] | None:
        with self.store.read() as tx:
            issuers = self.runtime.token_issuers
            return find_document(
                self.runtime.public_url, path, lambda wanted: issuers.find_public_keys(tx, wanted)
            )

    def _health(self, details: bool) -> dict[str, object]:
        answer: dict[str, object] = {"status": "ready"}
        if details:
            answer["controllerExceptions"] = dict(self.driver.exceptions)
            answer["controllers"] = {one.name: one.details() for one in self._controllers}
            if self.teller is not None:
                answer["notify"] = self.teller.details()
        return answer


def _make_engines(settings: Settings, directory: Path) -> OpenEngines:
    """Every engine that the settings name or mean; nothing of an engine is started before it is used."""
    walls = not settings.accepts_development_credentials
    users, _ = job_users.choose(settings.job_users, walls=walls)
    place = settings.job_directory
    given = Given(
        slots=settings.slots,
        ephemeral=settings.ephemeral,
        job_users=users,
        job_directory=None if place is None else str(place.expanduser().absolute()),
        data_directory=str(directory.absolute()),
    )
    tables = settings.opened_engines
    engines = {name: _make_engine(table, directory, given) for name, table in tables.items()}
    return OpenEngines(
        engines,
        tables,
        default=settings.default_engine,
        powers=CLOSED if walls else OPEN,
        file_systems=settings.file_systems,
    )


def _make_engine(table: EngineTable, directory: Path, given: Given) -> Engine:
    make = ENGINES[table.kind].open
    if make is None:
        raise ValueError(f"the engine {table.kind} is not built")
    # The engine of that name was the only one once, in the data directory itself.
    own = directory if table.name == DEFAULT else directory / "engines" / table.name
    return make(table.name, own, given, table.own)


def _make_controllers(services: Mapping[str, Service], runtime: Runtime) -> dict[Controller, Service]:
    return {make(runtime): service for service in services.values() for make in service.controllers}


def _accounts(tx: Transaction) -> list[str]:
    """Every account that an event tells of: each call leaves an event."""
    return [row.account for row in tx.all(select(events.c.account).distinct())]
