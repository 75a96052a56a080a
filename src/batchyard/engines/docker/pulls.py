"""Images: pulled as the settings say, once for all that wait for an image, with its progress in words."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchyard.clock import monotonic, wall_now
from batchyard.engines.contract import EngineError
from batchyard.engines.docker.daemon import Daemon, Refused
from batchyard.engines.docker.settings import DockerSettings
from batchyard.engines.docker.statuses import cannot_pull

_log = logging.getLogger(__name__)

TOLD_EVERY_SECONDS = 2.0
"""How often those that wait are told of progress."""
_CLOSING_SECONDS = 0.5
_MIB = 1 << 20


@dataclass(slots=True)
class _Pull:
    told: str
    thread: threading.Thread
    waiting: set[str] = field(default_factory=set)


class Pulls:
    """Which images are here, and the pulling of the others."""

    def __init__(
        self, daemon: Daemon, settings: DockerSettings, path: Path, told: Callable[[Iterable[str]], None]
    ) -> None:
        """`path`: where the images that were pulled are noted. `told` is called with attempts that wait: their image's
        progress is another, or it has come, or it will not."""
        self._daemon = daemon
        self._settings = settings
        self._path = path
        self._told = told
        self._lock = threading.Lock()
        self._pulls: dict[str, _Pull] = {}
        self._results: dict[tuple[str, str], str | None] = {}
        """By attempt and image: None, or why it was not got."""
        self._used: dict[str, float] = _read(path)

    def is_to_pull(self, image: str) -> bool:
        """Whether the settings want an image pulled before it is used. Raises EngineError."""
        behaviour = self._settings.pull
        if behaviour == "prefer-cached":
            return False
        found = self._daemon.inspect_image(image)
        if found is None:
            return True
        if "@" in image:
            return False
        if behaviour == "once":
            return image not in self._used
        # An image that was made here has no digest of a registry.
        return behaviour == "always" or bool(found.get("RepoDigests"))

    def want(self, image: str, attempt: str) -> tuple[bool, str | None]:
        """(whether the pull for this attempt is over, why it waits or failed): joins the pull, or begins it."""
        with self._lock:
            if (attempt, image) in self._results:
                return True, self._results[(attempt, image)]
            pull = self._pulls.get(image)
            if pull is None:
                pull = self._pulls[image] = _Pull(
                    f"Pulling image {image}",
                    threading.Thread(target=self._pull, args=(image,), name="docker pull", daemon=True),
                )
                pull.thread.start()
            pull.waiting.add(attempt)
            return False, pull.told

    def used(self, image: str) -> None:
        """An attempt uses an image."""
        with self._lock:
            if image in self._used:
                self._used[image] = wall_now().timestamp()

    def forget(self, attempt: str) -> None:
        """An attempt is started, or will not be."""
        with self._lock:
            for key in [key for key in self._results if key[0] == attempt]:
                del self._results[key]
            for pull in self._pulls.values():
                pull.waiting.discard(attempt)

    def close(self) -> None:
        """Tell nobody any more; a pull goes on in the daemon, and is soon joined by the next server."""
        with self._lock:
            threads = [one.thread for one in self._pulls.values()]
            for one in self._pulls.values():
                one.waiting.clear()
        for thread in threads:
            thread.join(_CLOSING_SECONDS)

    def clean(self) -> None:
        """Remove what was pulled here and not used for as long as the settings say; note when the rest was."""
        with self._lock:
            kept = self._settings.images_kept_hours * 3600
            now = wall_now().timestamp()
            old = [image for image, at in self._used.items() if kept and now - at > kept]
        for image in old:
            self._daemon.remove_image(image)
        with self._lock:
            for image in old:
                self._used.pop(image, None)
            _write(self._path, self._used)

    def _pull(self, image: str) -> None:
        failure: str | None = None
        try:
            self._follow(image)
        except Refused as refused:
            failure = refused.text
        except (EngineError, OSError) as error:
            failure = str(error)
        if failure is not None and self._settings.pull == "default":
            failure = self._unless_here(image, failure)
        with self._lock:
            waiting = self._pulls.pop(image).waiting
            if failure is None:
                self._used[image] = wall_now().timestamp()
                _write(self._path, self._used)
            for attempt in waiting:
                self._results[(attempt, image)] = None if failure is None else cannot_pull(failure)
        self._told(waiting)

    def _unless_here(self, image: str, failure: str) -> str | None:
        try:
            return None if self._daemon.inspect_image(image) is not None else failure
        except (EngineError, Refused):
            return failure

    def _follow(self, image: str) -> None:
        layers: dict[str, tuple[int, int]] = {}
        told_at = monotonic()
        for event in self._daemon.pull(image, self._settings.login(registry_of(image))):
            if "error" in event:
                raise Refused(500, event["error"])
            _count(layers, event)
            if monotonic() - told_at >= TOLD_EVERY_SECONDS:
                told_at = monotonic()
                with self._lock:
                    self._pulls[image].told = progress(image, layers)
                    waiting = list(self._pulls[image].waiting)
                self._told(waiting)


def registry_of(image: str) -> str:
    """The registry's host in an image's name, as Docker reads it."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def progress(image: str, layers: Mapping[str, tuple[int, int]]) -> str:
    """How far a pull is, in words; `layers`: bytes that came, and all, by layer."""
    if not layers:
        return f"Pulling image {image}"
    came, whole = (sum(part) / _MIB for part in zip(*layers.values(), strict=True))
    done = sum(1 for got, all_ in layers.values() if got >= all_)
    return f"Pulling image {image}: {done} of {len(layers)} layers, {came:.0f} of {whole:.0f} MiB"


def _count(layers: dict[str, tuple[int, int]], event: Mapping[str, Any]) -> None:
    detail = event.get("progressDetail") or {}
    if event.get("status") == "Downloading" and detail.get("total"):
        layers[event["id"]] = (detail.get("current", 0), detail["total"])
    elif event.get("status") in ("Download complete", "Pull complete") and event.get("id") in layers:
        layers[event["id"]] = (layers[event["id"]][1],) * 2


def _read(path: Path) -> dict[str, float]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _write(path: Path, used: Mapping[str, float]) -> None:
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_text(json.dumps(used), encoding="utf-8")
        os.replace(new, path)
    except OSError:
        _log.exception("which images were pulled could not be noted")
