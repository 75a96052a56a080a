"""`batchyard env`: shell lines that point the aws CLI, boto3 and the rest at a server."""

from typing import Annotated

import typer


def env(
    endpoint: Annotated[
        str, typer.Option(envvar="BATCHYARD_ENDPOINT", help="The server's address.")
    ] = "http://127.0.0.1:4566",
    region: Annotated[str, typer.Option(help="The default Region.")] = "us-east-1",
) -> None:
    """Print `export` lines for the shell: eval "$(batchyard env)"."""
    for name, value in (
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", region),
    ):
        typer.echo(f"export {name}={value}")
