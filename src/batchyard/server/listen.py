"""Runs an App behind uvicorn on one socket, until SIGTERM or SIGINT.

uvicorn is imported once the socket is taken: an address in use is told before anything is loaded.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from batchyard.config import Settings
from batchyard.server.connection import Connection, end_stalled

if TYPE_CHECKING:
    import uvicorn


class AddressInUse(Exception):
    """The address cannot be listened on. Its text is a sentence."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on `{host}:{port}`: {reason.lower()}")
        self.advice = "choose another port with `--port`; 0 takes a free one"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises AddressInUse."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise AddressInUse(host, port, error.strerror or str(error)) from error
    return listener


def make_server(application: Any) -> uvicorn.Server:
    """A uvicorn server for an ASGI application, quiet and without its own signal handling."""
    import uvicorn

    # A line for each absurd request would let anybody fill the disk; uvicorn's errors stay.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        loop="uvloop",
        http=Connection,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
    )
    return uvicorn.Server(config)


def run(
    server: uvicorn.Server, listener: socket.socket, *, when_ready: Callable[[], None], signals: bool = True
) -> None:
    """Serve on this thread until `server.should_exit`, or a signal, ends it."""

    async def main() -> None:
        if signals:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, _end, server)
        loop = asyncio.get_running_loop()
        loop.call_soon(when_ready)
        stalled = loop.create_task(end_stalled(server.server_state.connections))
        try:
            await server._serve(sockets=[listener])
        finally:
            stalled.cancel()

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(main())


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    return uvloop.new_event_loop


def ready_line(
    settings: Settings,
    *,
    endpoint: str,
    engine: str,
    data_dir: str,
    quickstart: Mapping[str, str] | None = None,
) -> str:
    """What `serve` prints once it listens. `quickstart`: what `--quickstart` found or made."""
    if settings.output == "json":
        ready: dict[str, object] = {
            "endpoint": endpoint,
            "account": "000000000000",
            "engine": engine,
            "dataDir": data_dir,
        }
        if quickstart is not None:
            ready["quickstart"] = quickstart
        return orjson.dumps(ready).decode()
    lines = [f"Batchyard listens on {endpoint} (engine {engine}, data in {data_dir})"]
    if settings.accepts_development_credentials:
        lines.append(f'Try:  eval "$(batchyard env --endpoint {endpoint})" && aws sts get-caller-identity')
    elif settings.knows_development_credentials:
        lines.append(
            f"Development credentials are off: `public_url` names another host ({settings.other_public_host}). "
            "`batchyard init` makes an access key"
        )
    return "\n".join(lines)
