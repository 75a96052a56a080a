"""Images made of what is on this machine: busybox, and Python with boto3."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any

BUSYBOX = "batchyard-busybox:here"
PYTHON = "batchyard-python:here"
GREETER = "batchyard-greeter:here"
"""busybox with an entry point, a command, a user and a working directory of its own."""

_PATH = "PATH=/usr/local/bin:/bin"
_LEFT_OUT = re.compile(
    r"/(test|tests|idlelib|tkinter|ensurepip|lib2to3|turtledemo|site-packages|config-[^/]*|pydoc_data)(/|$)"
    r"|\.a$|_test\w*\.so$|\.opt-\d\.pyc$"
)
_DISTRIBUTIONS = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
_MODELS = ("batch", "ecs", "iam", "logs", "s3", "sts")


def make_images(client: Any, *, python: bool = True) -> None:
    """Make those that the daemon does not have. `client`: the SDK's APIClient."""
    there = {tag for one in client.images() for tag in one["RepoTags"] or ()}
    if BUSYBOX not in there:
        _import(client, BUSYBOX, _busybox(), [f"ENV {_PATH}"])
    if GREETER not in there:
        changes = [
            f"ENV {_PATH}",
            'ENTRYPOINT ["/bin/echo", "greetings"]',
            'CMD ["from", "the", "image"]',
            "USER daemon",
            "WORKDIR /work",
        ]
        _import(client, GREETER, _busybox(), changes)
    if python and PYTHON not in there:
        _import(client, PYTHON, _python(), [f"ENV {_PATH}"])


def _import(client: Any, image: str, data: bytes, changes: list[str]) -> None:
    repository, _, tag = image.partition(":")
    client.import_image_from_data(data, repository=repository, tag=tag, changes=changes)


def _busybox() -> bytes:
    return _tar(_base())


def _python() -> bytes:
    return _tar([*_base(), *_interpreter(), *_packages()])


Entry = tuple[str, Path | bytes | str]
"""A path in the image, and a file of the host, its content, or where a link leads."""


def _base() -> Iterator[Entry]:
    busybox = Path("/bin/busybox")
    yield "bin/busybox", busybox
    names = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    yield from ((f"bin/{name}", "busybox") for name in names if name != "busybox")
    yield "etc/passwd", b"root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/work:/bin/sh\n"
    yield "etc/group", b"root:x:0:\ndaemon:x:1:\n"


def _interpreter() -> Iterator[Entry]:
    executable = Path(sys.executable).resolve()
    if Path(sys.prefix) != Path(sys.base_prefix):
        executable = Path(sys.base_prefix, "bin", f"python{sysconfig.get_python_version()}").resolve()
    library = Path(sysconfig.get_path("stdlib"))
    place = f"usr/local/lib/{library.name}"
    yield "usr/local/bin/python3", executable
    # So that what a test calls sys.executable is there, too.
    yield sys.executable.lstrip("/"), "/usr/local/bin/python3"
    modules = [
        one
        for one in library.rglob("*")
        if one.is_file() and not _LEFT_OUT.search(f"/{one.relative_to(library)}")
    ]
    yield from ((f"{place}/{one.relative_to(library)}", one) for one in modules)
    needed = [executable, *(one for one in modules if one.suffix == ".so")]
    yield from ((str(one).lstrip("/"), one) for one in _shared_objects(needed))


def _shared_objects(programs: Iterable[Path]) -> set[Path]:
    told = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False).stdout
    return {Path(one) for one in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", told, re.MULTILINE)}


def _packages() -> Iterator[Entry]:
    place = f"usr/local/lib/python{sysconfig.get_python_version()}/site-packages"
    for distribution in _DISTRIBUTIONS:
        for one in files(distribution) or ():
            if _is_wanted(str(one)):
                yield f"{place}/{one}", Path(str(one.locate()))


def _is_wanted(path: str) -> bool:
    if path.startswith("..") or "/examples/" in path or ".opt-" in path:
        return False
    model = re.match(r"botocore/data/([^/]+)/", path)
    return model is None or model[1] in _MODELS


def _tar(entries: Iterable[Entry]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for folder in ("tmp", "root", "work", "proc", "sys", "dev"):
            made = tarfile.TarInfo(folder)
            made.type, made.mode = tarfile.DIRTYPE, 0o1777 if folder in ("tmp", "work") else 0o755
            tar.addfile(made)
        for path, what in dict(entries).items():
            _add(tar, path, what)
    return held.getvalue()


def _add(tar: tarfile.TarFile, path: str, what: Path | bytes | str) -> None:
    made = tarfile.TarInfo(path)
    if isinstance(what, str):
        made.type, made.linkname = tarfile.SYMTYPE, what
        tar.addfile(made)
        return
    data = what if isinstance(what, bytes) else what.read_bytes()
    if isinstance(what, Path):
        # What was compiled is taken only for a source of the same time.
        made.mtime = int(what.stat().st_mtime)
    made.size, made.mode = len(data), 0o755 if isinstance(what, Path) else 0o644
    tar.addfile(made, io.BytesIO(data))
