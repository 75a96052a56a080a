"""The command line: serve · env. For AWS calls, use the aws CLI: `eval $(batchyard env)`."""

from typing import Annotated

import typer

from batchyard import __version__
from batchyard.cli.env import env
from batchyard.cli.serve import serve

application = typer.Typer(
    help="AWS Batch that you run yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
application.command()(serve)
application.command()(env)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"batchyard {__version__}")
        raise typer.Exit


@application.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """AWS Batch that you run yourself."""


def main() -> None:
    """The `batchyard` command."""
    application()
