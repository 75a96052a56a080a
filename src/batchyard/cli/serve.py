"""`batchyard serve`: one server, until it is told to end."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from batchyard.config import ENGINES, Settings


class Output(StrEnum):
    """How the ready line is printed."""

    text = "text"
    json = "json"


def serve(
    host: Annotated[
        str, typer.Option(envvar="BATCHYARD_HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="BATCHYARD_PORT", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 4566,
    data_dir: Annotated[
        Path | None, typer.Option(envvar="BATCHYARD_DATA_DIR", help="Where everything is kept.")
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option(envvar="BATCHYARD_EPHEMERAL", help="Keep everything in memory.")
    ] = False,
    engine: Annotated[str, typer.Option(envvar="BATCHYARD_ENGINE", help=" | ".join(ENGINES))] = "auto",
    slots: Annotated[
        int,
        typer.Option(envvar="BATCHYARD_SLOTS", min=0, help="Attempts at once; 0: by the machine's cores."),
    ] = 0,
    pace: Annotated[
        float, typer.Option(envvar="BATCHYARD_PACE", min=0, help="Seconds in each transitional state.")
    ] = 0.3,
    scale_down_delay: Annotated[
        float,
        typer.Option(
            envvar="BATCHYARD_SCALE_DOWN_DELAY", min=0, help="Seconds before an idle instance ends."
        ),
    ] = 60.0,
    development_credentials: Annotated[
        bool, typer.Option(envvar="BATCHYARD_DEVELOPMENT_CREDENTIALS", help="Accept test/test on loopback.")
    ] = True,
    test_clock: Annotated[bool, typer.Option(envvar="BATCHYARD_TEST_CLOCK", hidden=True)] = False,
    database_url: Annotated[str | None, typer.Option(envvar="BATCHYARD_DATABASE_URL", hidden=True)] = None,
    output: Annotated[Output, typer.Option(help="The ready line: text or one line of JSON.")] = Output.text,
) -> None:
    """Start a server and print where it listens."""
    settings = Settings(
        host=host,
        port=port,
        data_dir=data_dir,
        ephemeral=ephemeral,
        engine=engine,
        slots=slots,
        pace=pace,
        scale_down_delay=scale_down_delay,
        development_credentials=development_credentials,
        test_clock=test_clock,
    )
    if problem := _problem(settings, database_url):
        _stop(problem)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _run(settings, output)


def _problem(settings: Settings, database_url: str | None) -> str | None:
    """Why these settings cannot be served, in one sentence; None where they can."""
    if settings.engine not in ENGINES:
        return f"unknown engine `{settings.engine}`: choose one of {', '.join(ENGINES)}"
    if settings.engine not in ("auto", "process"):
        return f"the engine `{settings.engine}` is not built yet: use `process`"
    if database_url:
        return (
            "a database other than the data directory's SQLite is not built yet: leave `--database-url` out"
        )
    if settings.host != "localhost" and settings.host != "::1" and not settings.host.startswith("127."):
        return f"`{settings.host}` is not a loopback address, and `batchyard init` is not built yet"
    if settings.test_clock and not settings.ephemeral:
        return "`--test-clock` works with `--ephemeral` only"
    return None


def _run(settings: Settings, output: Output) -> None:
    # Imported late: `--version`, `--help` and a refused flag should not load the whole system.
    from batchyard.app import App
    from batchyard.server.listen import AddressInUse, listen, make_server, ready_line, run
    from batchyard.store.migrations import NewerDatabase
    from batchyard.store.store import DataDirectoryInUse

    try:
        with listen(settings.host, settings.port) as listener:
            app = App(settings)
            endpoint = f"http://{settings.host}:{listener.getsockname()[1]}"
            app.start(endpoint)
            line = ready_line(
                settings,
                endpoint=endpoint,
                engine=app.engine.name,
                data_dir=str(app.directory),
                as_json=output is Output.json,
            )
            server = make_server(app.application)
            run(server, listener, when_ready=lambda: print(line, flush=True))
            app.close()
    except AddressInUse as error:
        _stop(f"cannot listen on `{settings.host}:{settings.port}`: {error}")
    except DataDirectoryInUse as error:
        _stop(f"the data directory `{error}` is in use by a running server")
    except NewerDatabase as error:
        _stop(f"the data directory was written by a newer version: {error}")
    except PermissionError as error:
        _stop(f"the data directory cannot be written: {error}")


def _stop(problem: str) -> NoReturn:
    typer.echo(f"batchyard: {problem}", err=True)
    raise typer.Exit(2)
