"""The console's built files: read once, served from memory by a fixed table."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

FOLDER = "console_files"
INDEX = "index.html"
_BUILD = (
    "The console is not part of this installation: its files are built from console/ by `make console`, and travel "
    "in the wheel."
)
ABSENT = f"<!doctype html><title>Batchyard</title><p>{_BUILD}</p>".encode()


@dataclass(frozen=True, slots=True)
class ConsoleFile:
    """One built file. `packed`: the same by gzip."""

    content_type: str
    body: bytes
    packed: bytes
    etag: str
    hashed: bool
    """Its name changes with its content, so that it may be kept for ever."""


@lru_cache(maxsize=1)
def console_files() -> dict[str, ConsoleFile]:
    """Every file by its path below `/console/`; empty where the console was not built."""
    root = files("batchyard.server") / FOLDER
    return dict(_below(root, "")) if root.is_dir() else {}


def _below(folder: Traversable, prefix: str) -> list[tuple[str, ConsoleFile]]:
    found: list[tuple[str, ConsoleFile]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, _file(prefix, entry)))
    return found


def _file(prefix: str, entry: Traversable) -> ConsoleFile:
    body = entry.read_bytes()
    kind = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in ("application/javascript", "image/svg+xml")
    return ConsoleFile(
        content_type=f"{kind}; charset=utf-8" if text else kind,
        body=body,
        packed=gzip.compress(body, 6, mtime=0),
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        hashed=prefix == "assets/",
    )
