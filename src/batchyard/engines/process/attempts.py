"""The attempts of one supervisor: claimed, started, stopped, reaped, and ended when nothing of them is left."""

import contextlib
import os
import signal
from collections.abc import Iterable
from typing import Any

from batchyard.clock import monotonic, wall_now
from batchyard.engines.process import processes
from batchyard.engines.process.attempts_directory import AttemptsDirectory, Record, new_status
from batchyard.engines.process.capture import Capture, Captures
from batchyard.engines.process.cgroup_trees import Tree
from batchyard.engines.process.cgroups import Group
from batchyard.engines.process.job_users import JobPlace, JobUsers, place_of
from batchyard.engines.process.launch import Launch, make_folder

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
HOST_TERMINATED = "Host terminated: the supervisor of this machine's attempts ended"
GRACE_SECONDS = 30
PATIENCE_SECONDS = 10
"""How long a killed process, or a full disk, may keep an attempt from ending (a process that waits for a broken disk
cannot be killed)."""


class Attempt:
    """One attempt and what holds its processes."""

    __slots__ = (
        "account",
        "capture",
        "deadline_at",
        "group",
        "killed_since",
        "pid",
        "place",
        "reason",
        "status",
        "takes",
    )

    def __init__(self, status: Record, *, account: str, group: Group, takes: Record) -> None:
        self.status = status
        self.account = account
        self.group = group
        self.takes = takes
        """What it was given of the machine, in the server's words."""
        self.place: str | None = None
        """Where its working directory lies, if not in its own."""
        self.capture: Capture | None = None
        """What takes its output, if it was launched by this supervisor."""
        self.pid: int | None = None
        self.deadline_at: float | None = None
        self.reason: str | None = None
        self.killed_since: float | None = None

    @property
    def has_ended(self) -> bool:
        return self.status["state"] in ("exited", "lost")


class Attempts:
    """All attempts that this supervisor knows."""

    def __init__(self, directory: AttemptsDirectory, tree: Tree) -> None:
        self._directory = directory
        self._tree = tree
        self._known: dict[str, Attempt] = {}
        self._leaders: dict[int, Attempt] = {}
        self._ending: dict[str, Attempt] = {}
        self._unwanted: set[str] = set()
        self._reserved: set[str] = set()
        self.captures = Captures()
        self.changed: list[str] = []
        """Names that ended since somebody last emptied this."""

    @property
    def are_running(self) -> bool:
        return bool(self._leaders or self._ending)

    @property
    def are_ending(self) -> bool:
        """Whether some wait for their last processes to disappear, which no signal announces."""
        return bool(self._ending)

    def recover(self) -> None:
        """Read what an earlier supervisor left; what still runs of it is killed and reported as lost."""
        for name in self._directory.names():
            claim = self._directory.read(name, "claim") or {}
            end = self._directory.read(name, "end")
            if not claim and end is None and self._was_reserved_in_this_boot(name):
                # A claim is written before a launch, and this machine has forgotten nothing since: it never began.
                self._directory.set_aside(name)
                continue
            container = claim.get("container", "")
            status = end or new_status(
                name, "running", container=container, started_at=claim.get("started_at")
            )
            group = Group(claim.get("cgroups", {}))
            attempt = Attempt(status, account=claim.get("account", ""), group=group, takes={})
            attempt.place = claim.get("place")
            self._known[name] = attempt
            if end is None:
                self._kill_recorded(name)
                self._begin_end(attempt, state="lost", exit_code=None, reason=HOST_TERMINATED)

    def reserve(self, names: Iterable[str]) -> None:
        """Take names ahead of their start, so that many share what makes a claim survive a power cut."""
        fresh = [name for name in names if name not in self._known and name not in self._reserved]
        with contextlib.suppress(OSError):  # what finds no room says so when it is started
            for name in fresh:
                if self._directory.claim(name):
                    self._directory.create(name, "reserved", {"boot": processes.boot()})
                    self._reserved.add(name)
            self._directory.sync()

    def start(self, specs: list[Record]) -> list[Record]:
        """Start those whose names are free; the status of all."""
        are_safe = all(spec["attempt"] in self._reserved or spec["attempt"] in self._known for spec in specs)
        claimed = [(spec, attempt) for spec in specs if (attempt := self._claim(spec)) is not None]
        try:
            if claimed and not are_safe:
                self._directory.sync()
        except OSError as error:
            for _, attempt in claimed:
                self._cannot_start(attempt, error)
        else:
            for spec, attempt in claimed:
                self._launch(spec, attempt)
        return self.statuses([spec["attempt"] for spec in specs])

    def statuses(self, names: Iterable[str] | None = None) -> list[Record]:
        """The status of each name, or of all."""
        if names is None:
            return [attempt.status for attempt in self._known.values()]
        return [
            self._known[name].status if name in self._known else new_status(name, "unknown") for name in names
        ]

    def held(self) -> list[Record]:
        """What those that run were given of the machine, for a server that did not start them."""
        return [
            {"attempt": name, "account": attempt.account, **attempt.takes}
            for name, attempt in self._known.items()
            if not attempt.has_ended
        ]

    def stop(self, names: Iterable[str], *, force: bool) -> None:
        """Signal every process of those that run."""
        attempts = [self._known[name] for name in names if name in self._known]
        attempts = [attempt for attempt in attempts if attempt.pid is not None]
        for attempt in attempts:
            if force:
                self._kill(attempt)
            else:
                _signal(attempt, signal.SIGTERM)
        if force:
            self._kill_marked([attempt for attempt in attempts if not attempt.group.holds])

    def drop_account(self, account: str) -> list[str]:
        """Kill and forget an account's attempts, those that run as soon as they have ended; their names."""
        names = [name for name, attempt in self._known.items() if attempt.account == account]
        self.stop(names, force=True)
        self._unwanted.update(name for name in names if not self._known[name].has_ended)
        self.forget(names)
        return names

    def stop_all(self) -> None:
        """Kill everything that runs."""
        self.stop(list(self._known), force=True)

    def lose_all(self) -> None:
        """Kill everything and let it end as lost: the machine is going down, not the command's own doing."""
        for attempt in self._leaders.values():
            attempt.reason = HOST_TERMINATED
        self.stop_all()

    def forget(self, names: Iterable[str]) -> None:
        """Drop ended attempts, and those that were reserved alone, and set their files aside."""
        for name in names:
            if name in self._known and self._known[name].has_ended:
                ended = self._known.pop(name)
                if ended.place is not None:
                    JobPlace(ended.place).set_aside(ended.account, name)
                self._directory.set_aside(name)
            elif name in self._reserved:
                self._reserved.discard(name)
                self._directory.set_aside(name)

    def reap(self) -> None:
        """Collect the leaders that exited; what they left running is killed, as in a container."""
        orphaned = []
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                break
            if found is None:
                break
            attempt = self._leaders.pop(found.si_pid, None)
            if attempt is not None and not attempt.group.holds:
                # While its zombie holds the number, the process group cannot be another's.
                processes.kill_group(found.si_pid, signal.SIGKILL)
                orphaned.append(attempt)
            _, code = os.waitpid(found.si_pid, 0)
            if attempt is not None:
                attempt.pid = None
                self._leader_exited(attempt, os.waitstatus_to_exitcode(code))
        self._kill_marked(orphaned)
        self.settle()

    def settle(self) -> None:
        """End those whose last process is gone and whose output is on disk; kill again what is left of the others."""
        unheld = [attempt for attempt in self._ending.values() if not attempt.group.holds]
        marked = self._kill_marked(unheld)
        for name, attempt in list(self._ending.items()):
            empty = attempt.group.is_empty() if attempt.group.holds else name not in marked
            if not empty and attempt.group.holds:
                attempt.group.kill()
            complete = self._take_output(attempt) and empty
            patience = monotonic() - (attempt.killed_since or 0) < PATIENCE_SECONDS
            if complete or not patience:
                self._end(name, attempt)

    def keep_deadlines(self) -> None:
        """Stop those that run too long: SIGTERM, then SIGKILL. For when no server judges timeouts."""
        now = monotonic()
        for attempt in list(self._leaders.values()):
            if attempt.deadline_at is None or now < attempt.deadline_at:
                continue
            if attempt.reason is None:
                attempt.reason = "Attempt ran past its deadline while no server was running"
                attempt.deadline_at = now + GRACE_SECONDS
                _signal(attempt, signal.SIGTERM)
            else:
                self.stop([attempt.status["attempt"]], force=True)

    def _claim(self, spec: Record) -> Attempt | None:
        """The new attempt, if it can be launched."""
        name = spec["attempt"]
        started_at = wall_now().timestamp()
        status = new_status(name, "running", container=spec["container"], started_at=started_at)
        group = self._tree.group(name)
        attempt = Attempt(status, account=spec["account"], group=group, takes=spec["takes"])
        if spec["users"] is not None:
            attempt.place = place_of(self._directory.root, spec["users"]["place"])
        claim = {
            "account": spec["account"],
            "container": spec["container"],
            "place": attempt.place,
            "started_at": started_at,
            "cgroups": attempt.group.directories,
        }
        try:
            is_reserved = name in self._reserved
            self._reserved.discard(name)
            if name in self._known or not (is_reserved or self._directory.claim(name)):
                return None
            self._known[name] = attempt
            self._directory.create(name, "claim", claim)
        except OSError as error:
            self._known[name] = attempt
            self._cannot_start(attempt, error)
            return None
        return attempt

    def _launch(self, spec: Record, attempt: Attempt) -> None:
        memory = spec["memory_mib"]
        try:
            user, work = self._user(spec, attempt)
            for folder in spec["folders"]:
                make_folder(folder)
            self._tree.make(attempt.group, memory_mib=memory, vcpus=spec["vcpus"])
            launch = Launch(
                self._directory,
                spec["attempt"],
                command=spec["command"],
                environment=spec["environment"],
                group=attempt.group,
                memory_limit=None if memory is None or self._tree.limits_memory else memory << 20,
                user=user,
                work=work,
            )
            attempt.capture = self.captures.open(self._directory.path(spec["attempt"], "output"), user)
            attempt.pid = launch.start(attempt.capture)
        except (OSError, ValueError) as error:
            self._cannot_start(attempt, error)
            return
        self._leaders[attempt.pid] = attempt
        if spec["deadline_seconds"] is not None:
            attempt.deadline_at = monotonic() + spec["deadline_seconds"]
        if not attempt.group.holds:
            record = {"pid": attempt.pid, "started": processes.started(attempt.pid), "boot": processes.boot()}
            with contextlib.suppress(OSError):
                self._directory.create(spec["attempt"], "process", record)

    def _user(self, spec: Record, attempt: Attempt) -> tuple[int | None, str | None]:
        """Whom the command runs as and where; (None, None): as we are, in the attempt's directory."""
        if attempt.place is None:
            return None, None
        first, last = spec["users"]["range"]
        user = JobUsers(spec["users"]["list"]).user_of(attempt.account, (first, last))
        return user, JobPlace(attempt.place).make(attempt.account, spec["attempt"], user)

    def _cannot_start(self, attempt: Attempt, error: Exception) -> None:
        self._begin_end(attempt, state="exited", exit_code=126, reason=f"CannotStartContainerError: {error}")

    def _leader_exited(self, attempt: Attempt, code: int) -> None:
        exit_code = 128 - code if code < 0 else code
        failure = (
            self._directory.read(attempt.status["attempt"], "failure") if exit_code in (126, 127) else None
        )
        if attempt.reason == HOST_TERMINATED:
            self._begin_end(attempt, state="lost", exit_code=None, reason=HOST_TERMINATED)
        elif failure is not None:
            self._begin_end(attempt, state="exited", exit_code=exit_code, reason=failure["reason"])
        elif exit_code != 0 and attempt.group.ran_out_of_memory():
            self._begin_end(attempt, state="exited", exit_code=exit_code, reason=OUT_OF_MEMORY)
        else:
            self._begin_end(attempt, state="exited", exit_code=exit_code, reason=attempt.reason)

    def _begin_end(self, attempt: Attempt, **outcome: Any) -> None:
        """The outcome is certain; it is told when nothing runs any more, so that the output is complete."""
        name = attempt.status["attempt"]
        # Before the end's time is taken: no line is later than that.
        self._take_output(attempt)
        known = {part: attempt.status[part] for part in ("container", "started_at")}
        status = new_status(name, **outcome, **known)
        ending = Attempt(
            status | {"stopped_at": wall_now().timestamp()},
            account=attempt.account,
            group=attempt.group,
            takes=attempt.takes,
        )
        ending.place = attempt.place
        ending.capture = attempt.capture
        ending.killed_since = monotonic()
        self._ending[name] = ending

    def _end(self, name: str, ending: Attempt) -> None:
        del self._ending[name]
        ending.group.remove()
        if ending.capture is not None:
            self.captures.close(ending.capture)
        with contextlib.suppress(OSError):
            self._directory.write(name, "end", ending.status)
        self._known[name] = ending
        self.changed.append(name)
        if name in self._unwanted:
            self._unwanted.discard(name)
            self.forget([name])

    def _take_output(self, attempt: Attempt) -> bool:
        """Take what its pipe holds now; False where the disk has no room for it."""
        return attempt.capture is None or self.captures.empty(attempt.capture)

    def _kill(self, attempt: Attempt) -> None:
        if attempt.group.holds:
            attempt.group.kill()
        # Also the leader itself: it may not have joined its group or made its session yet.
        if attempt.pid is not None:
            processes.kill_group(attempt.pid, signal.SIGKILL)
            processes.kill(attempt.pid, signal.SIGKILL)

    def _was_reserved_in_this_boot(self, name: str) -> bool:
        record = self._directory.read(name, "reserved")
        return record is not None and record.get("boot") == processes.boot()

    def _kill_recorded(self, name: str) -> None:
        """Kill the group that a leader of an earlier supervisor led, if the leader is still itself."""
        record = self._directory.read(name, "process")
        if record is None or record.get("boot") != processes.boot():
            return
        if record["started"] is not None and processes.started(record["pid"]) == record["started"]:
            processes.kill_group(record["pid"], signal.SIGKILL)

    def _kill_marked(self, attempts: list[Attempt]) -> set[str]:
        """Kill by environment mark where no control group holds an attempt; the names that had any process."""
        paths = {self._directory.path(attempt.status["attempt"]): attempt for attempt in attempts}
        found = processes.marked(paths)
        for pids in found.values():
            for pid in pids:
                processes.kill(pid, signal.SIGKILL)
        return {paths[path].status["attempt"] for path in found}


def _signal(attempt: Attempt, number: int) -> None:
    """To every process that can be found without killing: those of the control group, or of the process group."""
    pids = set(attempt.group.pids())
    if attempt.pid is not None and not pids:
        processes.kill_group(attempt.pid, number)
    for pid in pids | ({attempt.pid} if attempt.pid is not None else set()):
        processes.kill(pid, number)
