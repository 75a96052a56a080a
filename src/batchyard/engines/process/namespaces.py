"""A mount namespace of a process's own: the calls that make and fill it, and whether this machine allows them."""

import functools
import os
import subprocess
import sys

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY = 1
_MS_NOSUID = 2
_MS_NODEV = 4
_MS_NOEXEC = 8
_MS_REMOUNT = 32
_MS_BIND = 4096
_MS_REC = 16384
_MS_SLAVE = 1 << 19
_KEPT = (
    {os.ST_NOSUID: _MS_NOSUID, os.ST_NODEV: _MS_NODEV, os.ST_NOEXEC: _MS_NOEXEC}
    if sys.platform == "linux"
    else {}
)
"""Flags that a remount must repeat: a user namespace may not take them away."""
TMPFS_FLAGS = {
    "ro": _MS_RDONLY,
    "nosuid": _MS_NOSUID,
    "nodev": _MS_NODEV,
    "noexec": _MS_NOEXEC,
    "noatime": 1024,
    "nodiratime": 2048,
    "relatime": 1 << 21,
    "strictatime": 1 << 24,
    "sync": 16,
    "dirsync": 128,
}
"""Options of a tmpfs that are flags of the call; the others are the file system's own."""

try:
    import ctypes

    _libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
except (ImportError, OSError):
    _libc = None


def unshare(*, user: bool) -> None:
    """Give this process mounts of its own, of which nobody else sees any; `user`: in a user namespace, with its own
    number. OSError where the system refuses."""
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWNS | (_CLONE_NEWUSER if user else 0))
    if user:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    _mount("none", "/", None, _MS_REC | _MS_SLAVE, None)


def bind(source: str, target: str, *, read_only: bool = False) -> None:
    """Show a file or folder, with what is mounted below it, at another path too."""
    _mount(source, target, None, _MS_BIND | _MS_REC, None)
    if read_only:
        held = os.statvfs(target).f_flag
        kept = sum(flag for known, flag in _KEPT.items() if held & known)
        _mount("none", target, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | kept, None)


def tmpfs(target: str, size_mib: int, options: tuple[str, ...] = ()) -> None:
    """Mount a file system in memory; options as of mount(8). OSError for those that the kernel does not know."""
    flags = _MS_NOSUID | _MS_NODEV
    own = [f"size={size_mib}m", "mode=1777"]
    for option in options:
        if option in TMPFS_FLAGS:
            flags |= TMPFS_FLAGS[option]
        elif option.startswith("no") or option not in (
            "rw",
            "suid",
            "dev",
            "exec",
            "defaults",
            "async",
            "atime",
        ):
            own.append(option)
    _mount("tmpfs", target, "tmpfs", flags, ",".join(own))


@functools.cache
def allowed() -> str | None:
    """How jobs can have mounts of their own on this machine: "root", "user" (a user namespace), or None."""
    if _libc is None or not os.path.isdir("/proc/self/fd"):
        return None
    ways = ["root"] if os.geteuid() == 0 else []
    return next((way for way in [*ways, "user"] if _works(way)), None)


def _works(way: str) -> bool:
    """Try it in a process of its own: what is allowed is decided in many places (capabilities, seccomp, AppArmor)."""
    sources = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
    told = (
        f"import sys; sys.path[:0] = [{sources!r}];"
        "from batchyard.engines.process import namespaces as n;"
        f"n.unshare(user={way == 'user'}); n.tmpfs('/proc', 1); n.bind('/dev', '/proc', read_only=True)"
    )
    command = [sys.executable, "-I", "-S", "-c", told]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None) -> None:
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3], told=target)


def _call(name: str, *arguments: object, told: str = "") -> None:
    if _libc is None:
        raise OSError(f"{name} is not a call of this system")
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number).lower()}", told or None)
