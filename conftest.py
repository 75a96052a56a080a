"""The fixtures of most tests: a real server in this process, an account of each test's own, boto3 clients."""

from __future__ import annotations

import gc
import itertools
import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import ClientCreator
from botocore.config import Config
from hypothesis import HealthCheck, settings

from batchyard.app import App
from batchyard.config import Settings
from batchyard.server.listen import listen, make_server, run
from store import plans, statements

PACE = 0.05
QUICK = Config(retries={"total_max_attempts": 1}, max_pool_connections=32, connect_timeout=5, read_timeout=30)

# How long an example takes is the machine's load, not a fault; pytest's timeout bounds all of them together.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

_RECORDING = str(Path(statements.__file__).with_name("recording"))


def pytest_configure(config: pytest.Config) -> None:
    """Have every statement written down, of this process, of the workers and of the servers that tests start."""
    gc.disable()
    if statements.DIRECTORY not in os.environ:
        made = tempfile.TemporaryDirectory(prefix="batchyard-statements-")
        config.add_cleanup(made.cleanup)
        os.environ[statements.DIRECTORY] = made.name
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_RECORDING, os.environ.get("PYTHONPATH")]))
    statements.record(os.environ[statements.DIRECTORY])


def pytest_collection_finish() -> None:
    """What is there by now stays: a full collection need not look at all tests and models each time."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Plan what was written down; a statement that scans a table and is not on the list fails the run."""
    if hasattr(session.config, "workerinput"):
        return
    with (
        tempfile.TemporaryDirectory(prefix="batchyard-plans-") as directory,
        plans.planner(Path(directory)) as connection,
    ):
        lines = plans.unlisted(connection, statements.recorded(os.environ[statements.DIRECTORY]))
    session.config.stash[_SCANS] = lines
    if lines and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which statements scan."""
    lines = config.stash.get(_SCANS, [])
    if lines:
        terminalreporter.section("statements that scan a table (tests/store/scans.json lists those that may)")
        for line in lines:
            terminalreporter.line(line, red=True)


_SCANS = pytest.StashKey[list[str]]()


class Serving:
    """An App behind a real socket, in a thread of this process."""

    def __init__(self, settings: Settings, **arguments: Any) -> None:
        self.app = App(settings, check_results=True, **arguments)
        self._listener = listen(settings.host, 0)
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._server = make_server(self.app.application)
        ready = threading.Event()
        self._thread = threading.Thread(
            target=run,
            args=(self._server, self._listener),
            kwargs={"when_ready": ready.set, "signals": False},
            daemon=True,
        )
        self.app.start(self.endpoint)
        self._thread.start()
        assert ready.wait(10)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._listener.close()
        self.app.close()


@pytest.fixture(scope="session")
def serving() -> Iterator[Serving]:
    """The server that the tests of this worker share; each test has its own account."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, scale_down_delay=0.5, slots=8))
    yield one
    one.close()


@pytest.fixture
def app(serving: Serving) -> App:
    """The system behind the socket."""
    return serving.app


@pytest.fixture
def endpoint(serving: Serving) -> str:
    """Where the server is reached."""
    return serving.endpoint


_numbers = itertools.count(secrets.randbelow(10**8) * 1000)


@pytest.fixture
def account() -> str:
    """Twelve digits that no other test has; with secret `test` they are its root credentials."""
    return f"{next(_numbers) % 10**12:012}"


@pytest.fixture
def other_account() -> str:
    """A second account of this test's own."""
    return f"{next(_numbers) % 10**12:012}"


ClientOf = Callable[..., Any]

INSTANCE_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
"""What the role of a container instance needs, as AWS documents it: to join a cluster, to put its tasks' output."""
EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
"""What a task's execution role needs, likewise."""

# One session for all clients: it reads a service's model once, which costs more than most tests.
# Making clients of it is not for two threads at once.
# Any: boto3's types know services by literal names alone.
_session: Any = boto3.Session()
_session_lock = threading.Lock()

_classes: dict[str, type] = {}
_maker: Any = ClientCreator
_make_class = _maker._create_client_class


def _class_of(creator: ClientCreator, service: str, model: Any) -> type:
    """One class of clients for each service: botocore makes a method per operation for each client, 750 of EC2's."""
    if service not in _classes:
        _classes[service] = _make_class(creator, service, model)
        gc.freeze()
    return _classes[service]


_maker._create_client_class = _class_of


def client(
    endpoint: str,
    service: str,
    *,
    access_key: str,
    secret: str = "test",
    token: str | None = None,
    region: str = "us-east-1",
) -> Any:
    """A boto3 client that does not retry: a test sees the first answer."""
    with _session_lock:
        return _session.client(
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=QUICK,
        )


@pytest.fixture
def aws(endpoint: str, account: str) -> ClientOf:
    """`aws("ecs", region="eu-west-1")`: a client as root of this test's account."""

    def make(service: str, *, region: str = "us-east-1") -> Any:
        return client(endpoint, service, access_key=account, region=region)

    return make


@pytest.fixture
def user(aws: ClientOf) -> Callable[..., dict[str, str]]:
    """`user(policy)`: a fresh IAM user with that inline policy (or none); its name, ARN, access key, secret."""

    def make(policy: Any = None, *, name: str | None = None) -> dict[str, str]:
        iam = aws("iam")
        user_name = name or f"user-{secrets.token_hex(4)}"
        arn = iam.create_user(UserName=user_name)["User"]["Arn"]
        if policy is not None:
            document = policy if isinstance(policy, str) else json.dumps(policy)
            iam.put_user_policy(UserName=user_name, PolicyName="inline", PolicyDocument=document)
        key = iam.create_access_key(UserName=user_name)["AccessKey"]
        return {"name": user_name, "arn": arn, "key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}

    return make


@pytest.fixture
def user_client(endpoint: str, user: Callable[..., dict[str, str]]) -> ClientOf:
    """`user_client("batch", policy)`: a client of a fresh user with that inline policy."""

    def make(service: str, policy: Any = None, *, region: str = "us-east-1") -> Any:
        made = user(policy)
        return client(endpoint, service, access_key=made["key"], secret=made["secret"], region=region)

    return make


def wait_for(condition: Callable[[], Any], *, seconds: float = 20, every: float = 0.02) -> Any:
    """Poll until `condition()` is true and return what it gave; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {condition}; last value {value!r}")
        threading.Event().wait(every)


@pytest.fixture(name="wait_for")
def wait_for_fixture() -> Callable[..., Any]:
    """`wait_for(lambda: …)`."""
    return wait_for


@pytest.fixture
def turn_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[App, float], None]:
    """`turn_back(app, 3600)`: set the clock of this machine back, as far as that system can tell."""

    def turn(system: App, seconds: float) -> None:
        now = system.clock.now
        monkeypatch.setattr(system.clock, "now", lambda: now() - timedelta(seconds=seconds))

    return turn


os.environ.pop("AWS_ENDPOINT_URL", None)
