"""Print `export` lines that point the aws CLI, boto3 and the rest at a server: eval "$(batchyard env)"."""

from __future__ import annotations

import argparse
import shlex

from batchyard.cli.options import add_settings, settings_of
from batchyard.cli.refusal import Refusal

SUMMARY = "print shell lines that point the aws CLI and boto3 at a server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--endpoint", metavar="URL", help="The server's address (made from host and port).")
    parser.add_argument("--region", default="us-east-1", help="The default Region (us-east-1).")
    add_settings(parser, ("host", "port", "public_url", "s3_endpoint", "development_credentials"))


def run(parsed: argparse.Namespace) -> int:
    """Print the lines; without development credentials the access key is the user's own to set."""
    settings = settings_of(parsed)
    if parsed.endpoint is None and settings.port == 0:
        advice = "give `--endpoint` with the address that the server printed"
        raise Refusal("port 0 is known to the server only", advice=advice)
    lines = {"AWS_ENDPOINT_URL": parsed.endpoint or settings.endpoint(settings.port)}
    if settings.s3_endpoint:
        lines["AWS_ENDPOINT_URL_S3"] = settings.s3_endpoint
    if settings.accepts_development_credentials:
        lines |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    lines["AWS_DEFAULT_REGION"] = parsed.region
    for name, value in lines.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0
