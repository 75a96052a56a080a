"""A Unix user for each account: whom its jobs run as, and where these lie.

An account keeps its user for as long as the data directory exists; no user is ever given to a second account. Users are
numbers alone: nothing is written to the system's list of users. Only root can change to them.
"""

import contextlib
import fcntl
import json
import os
import stat
import sys

DEFAULT_RANGES = ((2_000_000_000, 2_000_065_535), (60_578, 61_183))
"""Numbers that no system gives to anybody (systemd's docs/UIDS-GIDS.md): above what containers get, and, where a user
namespace has only the first 65,536, between what systemd gives to homes and to services."""
AUTO = "auto"
NONE = "none"
LEAST = 1000
"""Below are the system's own users."""
MOST = 2**31 - 2
DEFAULT_PLACE = "/var/lib/batchyard"
_NEEDED = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "KILL": 5, "SETGID": 6, "SETUID": 7}
"""The capabilities of root that a container may lack, by their numbers (linux/capability.h)."""

Range = tuple[int, int]


class NoUserLeft(OSError):
    """All users of the range are given to other accounts."""


def why_not() -> str | None:
    """Why this process cannot run jobs as other users; None where it can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "the server was not started as root"
    for line in _text("/proc/self/status").splitlines():
        if line.startswith("CapEff:"):
            held = int(line.split()[1], 16)
            lacking = [name for name, bit in _NEEDED.items() if not held >> bit & 1]
            if lacking:
                return f"the server lacks the capabilities {', '.join(lacking)}"
    return None


def exists(wanted: Range) -> bool:
    """Whether all these users exist in this process's user namespace."""
    lines = [[int(number) for number in line.split()] for line in _text("/proc/self/uid_map").splitlines()]
    return any(first <= wanted[0] and wanted[1] < first + count for first, _, count in lines)


def default_range() -> Range | None:
    """The users that are free here; None where there are none."""
    return next((one for one in DEFAULT_RANGES if exists(one)), None)


def parse(text: str) -> Range | None:
    """The range that FIRST-LAST means; None where it is none."""
    first, dash, last = text.partition("-")
    if not (dash and first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return None
    found = (int(first), int(last))
    return found if LEAST <= found[0] <= found[1] <= MOST else None


def choose(setting: str, *, walls: bool) -> tuple[Range | None, str]:
    """(the users that the setting gives accounts, or None; why there are none). `walls`: what AUTO shall do."""
    if setting == NONE:
        return None, "`job_users` is `none`"
    if setting == AUTO and not walls:
        return None, "development credentials work: who holds them is the machine's user anyway"
    reason = why_not()
    if reason is not None:
        return None, reason
    wanted = default_range() if setting == AUTO else parse(setting)
    if wanted is None or not exists(wanted):
        return None, "the users do not exist in the server's user namespace: name others with `job_users`"
    return wanted, ""


class JobUsers:
    """The users of one data directory's accounts, for all engines of it: their supervisors take turns."""

    def __init__(self, root: str) -> None:
        """`root`: where the list of them is kept, private to the server's user."""
        self._path = os.path.join(root, "job-users")

    def user_of(self, account: str, among: Range) -> int:
        """The account's user, chosen now where it has none in the range; on disk before it is told."""
        user = self._read().get(account)
        if user is not None and among[0] <= user <= among[1]:
            return user
        turn = os.open(self._path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            return self._choose(account, among)
        finally:
            os.close(turn)

    def _choose(self, account: str, among: Range) -> int:
        known = self._read()
        user = known.get(account)
        if user is not None and among[0] <= user <= among[1]:
            return user
        taken = set(known.values())
        user = next((one for one in range(among[0], among[1] + 1) if one not in taken), None)
        if user is None:
            raise NoUserLeft(f"no user is left for account {account}: widen the setting job_users")
        self._write(known | {account: user})
        return user

    def _read(self) -> dict[str, int]:
        try:
            with open(self._path, encoding="utf-8") as file:
                return dict(json.load(file))
        except FileNotFoundError:
            return {}

    def _write(self, known: dict[str, int]) -> None:
        with open(self._path + ".new", "w", encoding="utf-8") as file:
            json.dump(known, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(self._path + ".new", self._path)
        directory = os.open(os.path.dirname(self._path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


class JobPlace:
    """Where the working directories of users lie: anybody may pass through, nobody may look around."""

    def __init__(self, path: str) -> None:
        self._path = path

    def make(self, account: str, attempt: str, user: int) -> str:
        """A new working directory of an attempt, in its account's; nobody but the user may enter either."""
        mask = os.umask(0)
        try:
            _pass_through(os.path.dirname(self._path))
            _pass_through(self._path)
            for path in (os.path.join(self._path, account), self.of(account, attempt)):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(path, 0o700)
                os.chown(path, user, user, follow_symlinks=False)
        finally:
            os.umask(mask)
        return path

    def of(self, account: str, attempt: str) -> str:
        """The working directory of an attempt."""
        return os.path.join(self._path, account, attempt)

    def set_aside(self, account: str, attempt: str) -> None:
        """Take a working directory out of its account's; `forgotten` is then to be removed."""
        forgotten = self.forgotten
        with contextlib.suppress(FileNotFoundError):
            os.makedirs(forgotten, mode=0o700, exist_ok=True)
            os.rename(self.of(account, attempt), os.path.join(forgotten, f"{attempt}.{os.urandom(4).hex()}"))

    @property
    def forgotten(self) -> str:
        """Directories on their way out; no account is named so."""
        return os.path.join(self._path, "forgotten")


def make_account_folder(path: str, user: int | None) -> None:
    """A folder of an account's own, for its user alone, where it is missing; OSError where others could change what
    lies above it, or where that is missing."""
    if user is None or os.path.lexists(path):
        return
    _pass_through(os.path.dirname(path.rstrip("/")))
    os.mkdir(path, 0o700)
    os.chown(path, user, user, follow_symlinks=False)


def place_of(root: str, place: str = DEFAULT_PLACE) -> str:
    """The directory below `place` that belongs to the data directory `root` alone."""
    found = os.stat(root)
    return os.path.join(place, f"jobs-{found.st_dev:x}-{found.st_ino:x}")


def _pass_through(path: str) -> None:
    """Make the directory where it is missing; OSError where others could change what lies in it."""
    try:
        os.mkdir(path, 0o711)
    except FileExistsError:
        found = os.lstat(path)
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        if not is_ours or stat.S_IMODE(found.st_mode) & 0o022:
            raise PermissionError(f"{path} is not root's alone") from None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""
