"""The attempts of one supervisor: claimed, started, stopped, reaped, and ended when nothing of them is left."""

import contextlib
import os
import signal
from collections.abc import Iterable

from batchyard.clock import monotonic, wall_now
from batchyard.engines.process import processes
from batchyard.engines.process.attempts_directory import AttemptsDirectory, Record
from batchyard.engines.process.capture import Captures
from batchyard.engines.process.cgroup_trees import Tree
from batchyard.engines.process.containers import Attempt, Container, end_of, unknown
from batchyard.engines.process.job_users import JobPlace
from batchyard.engines.process.launching import Launcher
from batchyard.engines.process.order import ENDED, NEVER, RUNNING, WAITING, can_come, to_stop, why_never

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
HOST_TERMINATED = "Host terminated: the supervisor of this machine's attempts ended"
GRACE_SECONDS = 30
PATIENCE_SECONDS = 10
"""How long a killed process, or a full disk, may keep an attempt from ending (a process that waits for a broken disk
cannot be killed)."""


class Attempts:
    """All attempts that this supervisor knows."""

    def __init__(self, directory: AttemptsDirectory, tree: Tree) -> None:
        self._directory = directory
        self._known: dict[str, Attempt] = {}
        self._leaders: dict[int, tuple[Attempt, Container]] = {}
        self._ending: list[tuple[Attempt, Container]] = []
        self._timed: dict[str, Attempt] = {}
        """Those of several containers, which have timeouts of their own."""
        self._unwanted: set[str] = set()
        self._reserved: set[str] = set()
        self.captures = Captures()
        self._launcher = Launcher(directory, tree, self.captures)
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
            attempt = self._launcher.recovered(name, claim)
            self._known[name] = attempt
            if end is not None:
                attempt.end = end_of(end)
                continue
            attempt.is_lost = True
            for container in attempt.containers:
                self._kill_recorded(name, container)
                self._begin_end(attempt, container, exit_code=None, reason=HOST_TERMINATED)

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
        claimed = [attempt for spec in specs if (attempt := self._claim(spec)) is not None]
        try:
            if claimed and not are_safe:
                self._directory.sync()
        except OSError as error:
            for attempt in claimed:
                self._cannot_start(attempt, error)
        else:
            for attempt in claimed:
                if len(attempt.containers) > 1:
                    self._timed[attempt.name] = attempt
                self._advance(attempt)
        return self.statuses([spec["attempt"] for spec in specs])

    def statuses(self, names: Iterable[str] | None = None) -> list[Record]:
        """The status of each name, or of all."""
        if names is None:
            return [attempt.status for attempt in self._known.values()]
        return [self._known[name].status if name in self._known else unknown(name) for name in names]

    def held(self) -> list[Record]:
        """What those that run were given of the machine, for a server that did not start them."""
        return [
            {"attempt": name, "account": attempt.account, **attempt.takes}
            for name, attempt in self._known.items()
            if not attempt.has_ended
        ]

    def stop(self, names: Iterable[str], *, force: bool) -> None:
        """Signal every process of those that run; of several containers first those on which none depends."""
        attempts = [self._known[name] for name in names if name in self._known]
        unheld: list[tuple[Attempt, Container]] = []
        for attempt in attempts:
            if attempt.has_ended:
                continue
            attempt.is_stopping = True
            running = [one for one in attempt.containers if one.pid is not None]
            for container in running:
                if force:
                    _kill(container)
                elif len(attempt.containers) == 1:
                    _signal(container, signal.SIGTERM)
            unheld += [(attempt, one) for one in running if force and not one.group.holds]
            self._advance(attempt)
        self._kill_marked(unheld)

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
        for attempt, _ in self._leaders.values():
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
            pair = self._leaders.pop(found.si_pid, None)
            if pair is not None and not pair[1].group.holds:
                # While its zombie holds the number, the process group cannot be another's.
                processes.kill_group(found.si_pid, signal.SIGKILL)
                orphaned.append(pair)
            _, code = os.waitpid(found.si_pid, 0)
            if pair is not None:
                pair[1].pid = None
                self._leader_exited(*pair, os.waitstatus_to_exitcode(code))
        self._kill_marked(orphaned)
        self.settle()

    def settle(self) -> None:
        """End those whose last process is gone and whose output is on disk; kill again what is left of the others."""
        marked = self._kill_marked([pair for pair in self._ending if not pair[1].group.holds])
        for attempt, container in list(self._ending):
            holds = container.group.holds
            empty = container.group.is_empty() if holds else self._mark(attempt, container) not in marked
            if not empty and holds:
                container.group.kill()
            complete = self._take_output(container) and empty
            patience = monotonic() - (container.killed_since or 0) < PATIENCE_SECONDS
            if complete or not patience:
                self._container_ended(attempt, container)

    def keep_deadlines(self) -> None:
        """Stop those that run too long: SIGTERM, then SIGKILL. For when no server judges timeouts."""
        now = monotonic()
        for attempt in {pair[0].name: pair[0] for pair in self._leaders.values()}.values():
            if attempt.deadline_at is None or now < attempt.deadline_at:
                continue
            if attempt.reason is None:
                attempt.reason = "Attempt ran past its deadline while no server was running"
                attempt.deadline_at = now + GRACE_SECONDS
                self.stop([attempt.name], force=False)
            else:
                self.stop([attempt.name], force=True)

    def keep_timeouts(self) -> float | None:
        """Kill containers that did not end after SIGTERM, give up on those that others wait for in vain.

        Seconds until it is to be called again; None: nothing has a timeout.
        """
        now = monotonic()
        due: list[float] = []
        for attempt in list(self._timed.values()):
            late = [one for one in attempt.containers if one.starts_late_at is not None and one.is_waited_for]
            for container in [one for one in late if now >= (one.starts_late_at or 0)]:
                container.started_late = True
            if any(one.started_late for one in late):
                self._advance(attempt)
            for container in attempt.containers:
                if container.stop_at is not None and container.state == RUNNING and now >= container.stop_at:
                    container.stop_at = now + 1
                    _kill(container)
            due += [one.starts_late_at or 0 for one in late if not one.started_late]
            due += [
                one.stop_at for one in attempt.containers if one.stop_at is not None and one.state == RUNNING
            ]
        return max(min(due) - now, 0.0) if due else None

    def _claim(self, spec: Record) -> Attempt | None:
        """The new attempt, if it can be launched."""
        name = spec["attempt"]
        attempt = self._launcher.attempt(spec, started_at=wall_now().timestamp())
        try:
            is_reserved = name in self._reserved
            self._reserved.discard(name)
            if name in self._known or not (is_reserved or self._directory.claim(name)):
                return None
            self._known[name] = attempt
            self._directory.create(name, "claim", self._launcher.claim_of(attempt))
        except OSError as error:
            self._known[name] = attempt
            self._cannot_start(attempt, error)
            return None
        return attempt

    def _advance(self, attempt: Attempt) -> None:
        """Begin what may begin, stop what is to stop, and end the attempt when nothing of it is left."""
        if attempt.has_ended:
            return
        others = attempt.by_name
        for container in attempt.containers * len(attempt.containers):
            if container.state != WAITING:
                continue
            may_begin = False if attempt.is_stopping else can_come(container, others)
            if may_begin:
                self._begin(attempt, container)
            elif may_begin is False:
                container.state = NEVER
                container.reason = None if attempt.is_stopping else why_never(container, others)
                attempt.is_stopping = attempt.is_stopping or container.is_essential
        if attempt.is_stopping and len(attempt.containers) > 1:
            for container in to_stop(attempt.containers):
                if container.stop_at is None and container.pid is not None:
                    container.stop_at = monotonic() + container.spec["stop_timeout_seconds"]
                    _signal(container, signal.SIGTERM)
        if attempt.is_over:
            self._end(attempt)

    def _begin(self, attempt: Attempt, container: Container) -> None:
        container.state = RUNNING
        container.begin(now=monotonic(), is_waited_for=attempt.waits_for(container))
        try:
            self._launcher.launch(attempt, container)
        except (OSError, ValueError) as error:
            self._cannot_begin(attempt, container, error)
            return
        if container.pid is None:
            raise RuntimeError("a container was launched without a process")
        self._leaders[container.pid] = (attempt, container)
        if attempt.deadline_seconds is not None and attempt.deadline_at is None:
            attempt.deadline_at = monotonic() + attempt.deadline_seconds
        if not container.group.holds:
            record = {
                "pid": container.pid,
                "started": processes.started(container.pid),
                "boot": processes.boot(),
            }
            with contextlib.suppress(OSError):
                self._directory.create(attempt.name, container.inside + "process", record)

    def _cannot_start(self, attempt: Attempt, error: Exception) -> None:
        for container in attempt.containers:
            container.state = RUNNING
            self._cannot_begin(attempt, container, error)

    def _cannot_begin(self, attempt: Attempt, container: Container, error: Exception) -> None:
        container.failed_to_start = True
        self._begin_end(attempt, container, exit_code=126, reason=f"CannotStartContainerError: {error}")

    def _leader_exited(self, attempt: Attempt, container: Container, code: int) -> None:
        exit_code: int | None = 128 - code if code < 0 else code
        reason = attempt.reason
        failure = None
        if exit_code in (126, 127):
            failure = self._directory.read(attempt.name, container.inside + "failure")
        if attempt.reason == HOST_TERMINATED:
            attempt.is_lost = True
            exit_code = None
        elif failure is not None:
            container.failed_to_start = True
            reason = failure["reason"]
        elif exit_code != 0 and container.group.ran_out_of_memory():
            reason = OUT_OF_MEMORY
        self._begin_end(attempt, container, exit_code=exit_code, reason=reason)

    def _begin_end(
        self, attempt: Attempt, container: Container, *, exit_code: int | None, reason: str | None
    ) -> None:
        """The outcome is certain; it is told when nothing runs any more, so that the output is complete."""
        # Before the end's time is taken: no line is later than that.
        self._take_output(container)
        container.exit_code = exit_code
        container.reason = reason
        attempt.stopped_at = wall_now().timestamp()
        container.killed_since = monotonic()
        self._ending.append((attempt, container))

    def _container_ended(self, attempt: Attempt, container: Container) -> None:
        self._ending.remove((attempt, container))
        container.group.remove()
        if container.capture is not None:
            self.captures.close(container.capture)
        container.state = ENDED
        attempt.is_stopping = attempt.is_stopping or container.is_essential
        self._advance(attempt)

    def _end(self, attempt: Attempt) -> None:
        name = attempt.name
        self._timed.pop(name, None)
        attempt.end = attempt.status | {
            "state": "lost" if attempt.is_lost else "exited",
            "stopped_at": attempt.stopped_at,
        }
        with contextlib.suppress(OSError):
            self._directory.write(name, "end", attempt.end)
        self.changed.append(name)
        if name in self._unwanted:
            self._unwanted.discard(name)
            self.forget([name])

    def _take_output(self, container: Container) -> bool:
        """Take what its pipe holds now; False where the disk has no room for it."""
        return container.capture is None or self.captures.empty(container.capture)

    def _was_reserved_in_this_boot(self, name: str) -> bool:
        record = self._directory.read(name, "reserved")
        return record is not None and record.get("boot") == processes.boot()

    def _kill_recorded(self, name: str, container: Container) -> None:
        """Kill the group that a leader of an earlier supervisor led, if the leader is still itself."""
        record = self._directory.read(name, container.inside + "process")
        if record is None or record.get("boot") != processes.boot():
            return
        if record["started"] is not None and processes.started(record["pid"]) == record["started"]:
            processes.kill_group(record["pid"], signal.SIGKILL)

    def _mark(self, attempt: Attempt, container: Container) -> str:
        return self._directory.path(attempt.name, container.inside).rstrip("/")

    def _kill_marked(self, pairs: list[tuple[Attempt, Container]]) -> set[str]:
        """Kill by environment mark where no control group holds a container; the marks that any process had."""
        found = processes.marked([self._mark(*pair) for pair in pairs])
        for pids in found.values():
            for pid in pids:
                processes.kill(pid, signal.SIGKILL)
        return set(found)


def _kill(container: Container) -> None:
    if container.group.holds:
        container.group.kill()
    # Also the leader itself: it may not have joined its group or made its session yet.
    if container.pid is not None:
        processes.kill_group(container.pid, signal.SIGKILL)
        processes.kill(container.pid, signal.SIGKILL)


def _signal(container: Container, number: int) -> None:
    """To every process that can be found without killing: those of the control group, or of the process group."""
    pids = set(container.group.pids())
    if container.pid is not None and not pids:
        processes.kill_group(container.pid, number)
    for pid in pids | ({container.pid} if container.pid is not None else set()):
        processes.kill(pid, number)
