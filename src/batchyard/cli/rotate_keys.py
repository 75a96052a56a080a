"""Change the key that secrets are encrypted under; a run that was cut short goes on where it ended.

The server must not be running. Access keys stay as they are. Sessions end: their tokens were sealed with the old key,
those of jobs that are running, too.
"""

from __future__ import annotations

import argparse

from batchyard.cli.options import add_settings, settings_of
from batchyard.cli.refusal import Refusal
from batchyard.store import data_directory

SUMMARY = "change the key that secrets are encrypted under, offline"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    add_settings(parser, ("data_dir", "output"))


def run(parsed: argparse.Namespace) -> int:
    """Seal everything anew under a fresh key."""
    settings = settings_of(parsed)
    directory = settings.directory
    if not (directory / data_directory.DATABASE).exists():
        raise Refusal(f"`{directory}` holds nothing that a key protects")
    from batchyard.cli.opening import opened
    from batchyard.identity import key_rotation

    with opened(settings) as app:
        keyring = key_rotation.begin(directory)
        try:
            changed = app.store.write(lambda tx: key_rotation.seal_anew(tx, keyring))
        except key_rotation.Unopenable as error:
            advice = "put the key file that belongs to this directory in its place, and run the command again"
            raise Refusal(str(error), advice=advice) from error
    key_rotation.finish(directory)
    if settings.output == "json":
        import orjson

        print(orjson.dumps({"dataDir": str(directory.absolute()), "sealedAnew": changed}).decode())
    else:
        print(f"Changed the key of {directory}; secrets encrypted anew: {changed}.")
    return 0
