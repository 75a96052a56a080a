"""The daemon, as the engine calls it: through the `docker` SDK, with errors that say whether it is there at all."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from batchyard.engines.contract import EngineAway, EngineError

_SECONDS = 120
"""How long an answer may take: a loaded daemon is slow to start a container, and is asked nothing twice."""
_CONNECTIONS = 32
T = TypeVar("T")


class Refused(Exception):
    """The daemon answers, and does not do it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Daemon:
    """One Docker or Podman at a Unix socket. Every call raises EngineError where it does not answer, Refused where it
    will not. Each may come from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._client: Any = None
        self._podman: bool | None = None

    def generation(self) -> str:
        """Which run of the daemon this is, as far as its socket tells; another after each start of it. Podman keeps
        containers without one, so that it is always the same."""
        if self._is_podman():
            return "podman"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
            connected.settimeout(_SECONDS)
            try:
                connected.connect(str(self.path))
                credentials = connected.getsockopt(
                    socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
                )
            except OSError as error:
                raise self._gone(error) from error
        (pid, _, _) = struct.unpack("3i", credentials)
        if pid == 1:
            # systemd opened the socket: Docker's file tells who listens now.
            with contextlib.suppress(OSError, ValueError):
                pid = int(Path("/run/docker.pid").read_text(encoding="utf-8"))
        return process_mark(pid) or str(pid)

    def _is_podman(self) -> bool:
        if self._podman is None:
            told = self._call(lambda client: client.version())
            self._podman = any("podman" in one["Name"].lower() for one in told.get("Components") or ())
        return self._podman

    def version(self) -> str:
        """The version of the API that is spoken."""
        return str(self._call(lambda client: client.api_version))

    def info(self) -> dict[str, Any]:
        """What `docker info` tells."""
        return dict(self._call(lambda client: client.info()))

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        """Make a container; its id. Refused with 409 where the name is taken."""
        return str(self._call(lambda client: client.create_container_from_config(dict(body), name))["Id"])

    def start(self, container: str) -> None:
        """Start it; nothing where it runs already."""
        self._call(lambda client: client.start(container))

    def kill(self, container: str, signal: str) -> None:
        """Send a signal to its first process; nothing where it does not run."""
        with _unless(404, 409, 500 if signal == "SIGTERM" else 404):
            self._call(lambda client: client.kill(container, signal))

    def remove(self, container: str) -> None:
        """Remove it, whatever it does, with its unnamed volumes."""
        with _unless(404, 409):
            self._call(lambda client: client.remove_container(container, v=True, force=True))

    def inspect(self, container: str) -> dict[str, Any] | None:
        """All that is known of it; None where there is none."""
        try:
            return dict(self._call(lambda client: client.inspect_container(container)))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def containers(self, *labels: str) -> list[dict[str, Any]]:
        """Containers with these labels (`name`, or `name=value`), running or not."""
        return list(self._call(lambda client: client.containers(all=True, filters={"label": list(labels)})))

    def list_volumes(self, *labels: str) -> list[str]:
        """Names of the volumes with these labels."""
        found = self._call(lambda client: client.volumes(filters={"label": list(labels)}))
        return [one["Name"] for one in found["Volumes"] or ()]

    def remove_volume(self, name: str) -> None:
        """Remove a volume; nothing where it is used or gone."""
        with _unless(404, 409):
            self._call(lambda client: client.remove_volume(name))

    def inspect_image(self, image: str) -> dict[str, Any] | None:
        """What is known of an image; None where it is not here."""
        try:
            return dict(self._call(lambda client: client.inspect_image(image)))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def remove_image(self, image: str) -> None:
        """Take a name from an image, and the image where it has no other and no container needs it."""
        with _unless(404, 409):
            self._call(lambda client: client.remove_image(image))

    def pull(self, image: str, login: Mapping[str, str] | None) -> Iterator[dict[str, Any]]:
        """Pull an image; gives what the daemon tells meanwhile."""
        given = None if login is None else dict(login)
        yield from self._stream(
            lambda client: client.pull(image, stream=True, decode=True, auth_config=given)
        )

    def events(self, *labels: str) -> Any:
        """What happens to containers with these labels, until `close()` of what is returned."""
        filters = {"type": ["container"], "label": list(labels), "event": ["die", "destroy"]}
        return self._call(lambda client: client.events(decode=True, filters=filters))

    def close(self) -> None:
        """Let go of its connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _stream(self, call: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
        requests, _ = _libraries()
        try:
            yield from self._call(call)
        except requests.exceptions.RequestException as error:
            raise self._gone(error) from error

    def _call(self, call: Callable[[Any], T]) -> T:
        requests, docker = _libraries()
        try:
            return call(self._connected())
        except docker.errors.APIError as error:
            raise Refused(error.status_code or 500, str(error.explanation or error)) from error
        except (requests.exceptions.RequestException, docker.errors.DockerException, OSError) as error:
            raise self._gone(error) from error

    def _connected(self) -> Any:
        _, docker = _libraries()
        with self._lock:
            if self._client is None:
                self._client = docker.APIClient(
                    f"unix://{self.path}", version="auto", timeout=_SECONDS, max_pool_size=_CONNECTIONS
                )
            return self._client

    def _gone(self, error: Exception) -> EngineError:
        reason: BaseException = error
        while (cause := reason.__cause__ or reason.__context__) is not None:
            reason = cause
        told = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return EngineAway(f"the daemon at {self.path} does not answer: {told}")


@contextlib.contextmanager
def _unless(*statuses: int) -> Iterator[None]:
    """Take refusals with one of these statuses for done."""
    try:
        yield
    except Refused as refused:
        if refused.status not in statuses:
            raise


def _libraries() -> tuple[Any, Any]:
    """(requests, docker): loaded when a daemon is asked something, as most servers never do."""
    try:
        import docker
        import requests
    except ImportError as error:
        raise EngineError("the engine needs `pip install batchyard[docker]`") from error
    return requests, docker


def is_installed() -> bool:
    """Whether the SDK is there."""
    return all(find_spec(name) is not None for name in ("docker", "requests"))


def own_process() -> str:
    """This process, so that another one of the same number is not taken for it."""
    return process_mark(os.getpid()) or str(os.getpid())


def process_mark(pid: int) -> str | None:
    """A process by number and start; None where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return f"{pid}:{stat.rpartition(')')[2].split()[19]}"
