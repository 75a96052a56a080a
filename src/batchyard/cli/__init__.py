"""The command line: serve · init · env · console · doctor · explain · rotate-keys.

For AWS calls, use the aws CLI: `eval "$(batchyard env)"`.

A command imports what it needs when it runs: `batchyard env` must not wait for the server's parts.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Protocol

from batchyard import __version__
from batchyard.cli import console, doctor, env, explain, init, rotate_keys, serve
from batchyard.cli.options import Parser
from batchyard.cli.refusal import Refusal


class Command(Protocol):
    """What a command's module has."""

    SUMMARY: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Its options."""

    def run(self, parsed: Namespace) -> int:
        """Do it; answers the exit code, or raises Refusal."""


COMMANDS: dict[str, Command] = {
    "serve": serve,
    "init": init,
    "env": env,
    "console": console,
    "doctor": doctor,
    "explain": explain,
    "rotate-keys": rotate_keys,
}
"""The modules of this package that are commands, by the command's name; their docstring is the help's first lines."""


def make_parser() -> Parser:
    """The whole grammar."""
    parser = Parser(prog="batchyard", description="AWS Batch that you run yourself.")
    parser.add_argument("--version", action="version", version=f"batchyard {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, command in COMMANDS.items():
        command.add_arguments(
            commands.add_parser(
                name, help=command.SUMMARY, description=command.__doc__, prog=f"batchyard {name}"
            )
        )
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run one command line; answers its exit code."""
    parser = make_parser()
    try:
        parsed = parser.understand(list(arguments))
        if parsed.command is None:
            parser.print_help(sys.stderr)
            return 2
        return COMMANDS[parsed.command].run(parsed)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return refusal.code
    except KeyboardInterrupt:
        return 130


def main() -> None:
    """The `batchyard` command."""
    sys.exit(run(sys.argv[1:]))
