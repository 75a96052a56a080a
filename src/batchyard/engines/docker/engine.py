"""The Docker engine: attempts are containers of a daemon on this machine, found again by label."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from batchyard.engines.abilities import Abilities
from batchyard.engines.admission import Admission, Held
from batchyard.engines.contract import START, Capacity, EngineError, LogChunk, Status, TaskSpec
from batchyard.engines.docker.abilities import HONOURED, IGNORED
from batchyard.engines.docker.attempts import Attempt, end_of
from batchyard.engines.docker.cleaning import Cleaner
from batchyard.engines.docker.daemon import Daemon, Refused
from batchyard.engines.docker.desk import Desk
from batchyard.engines.docker.finding import find_attempts
from batchyard.engines.docker.outputs import Outputs
from batchyard.engines.docker.plans import Plan
from batchyard.engines.docker.pulls import Pulls
from batchyard.engines.docker.records import Records
from batchyard.engines.docker.running import Runner
from batchyard.engines.docker.settings import DockerSettings
from batchyard.engines.docker.sockets import choose_socket
from batchyard.engines.docker.watching import Watcher
from batchyard.engines.process.doctor import cores, gpus, machine_memory_mib, slots_of

_log = logging.getLogger(__name__)

QUEUE = 60
"""How many attempts wait here for a slot: what ends and what follows is then written down many at a time."""
_STARTED_AT_ONCE = 8
"""Starts that a daemon is asked for side by side: it takes a few hundred milliseconds for each."""
_ENDING_SECONDS = 60
_CLEANING = ""
"""The desk's name for cleaning: no attempt has it."""
_CLEANED_FIRST_SECONDS = 60.0
_CLEANED_EVERY_SECONDS = 1800.0
"""As often as the ECS agent does (ECS_IMAGE_CLEANUP_INTERVAL)."""


class DockerEngine:
    """Runs containers; keeps in its directory only what the daemon does not."""

    def __init__(
        self,
        directory: Path,
        *,
        name: str = "docker",
        settings: DockerSettings | None = None,
        slots: int = 0,
        ephemeral: bool = False,
    ) -> None:
        """`slots`: attempts at once, 0: twice the cores. `ephemeral`: containers end with this server; another server
        on this machine removes what a killed server left. The daemon is called when there is something to do."""
        own = settings or DockerSettings()
        self.name = name
        self.abilities = Abilities(
            honoured=HONOURED, ignored=IGNORED, groups=frozenset({"gang"}), isolation="container"
        )
        size = slots_of(own.slots or slots)
        self._capacity = Capacity(
            slots=size,
            vcpus=own.vcpus or max(size, cores()),
            memory_mib=own.memory_mib or machine_memory_mib(),
            gpus=gpus(),
            queue=QUEUE,
        )
        self._ephemeral = ephemeral
        self._directory = directory.absolute()
        self._admission = Admission(self._capacity)
        self._records = Records(self._directory)
        self._daemon = Daemon(choose_socket(own.socket))
        self._listeners: list[Callable[[Sequence[str]], None]] = []
        self._lock = threading.RLock()
        self._known: dict[str, Attempt] = {}
        self._leaving: dict[str, Attempt] = {}
        """Forgotten; their containers are about to be removed."""
        self._is_found = False
        self._is_closing = False
        self._finding = threading.Lock()
        self._desk = Desk(self._look_at, threads=_STARTED_AT_ONCE)
        pulls = self._pulls = Pulls(self._daemon, own, self._directory / "images.json", self._pull_told)
        self._runner = Runner(
            self._daemon,
            self._records,
            pulls,
            engine=self._records.identity(),
            gpus=self._capacity.gpus,
            ephemeral=ephemeral,
        )
        self._outputs = Outputs(self._daemon)
        self._cleaner = Cleaner(
            self._daemon,
            self._records,
            pulls,
            is_known=self._is_known,
        )
        self._watcher = Watcher(self._daemon, self._records.identity(), self._look_again)

    def capacity(self) -> Capacity:
        """What attempts may take of this machine, and how many may wait."""
        return self._capacity

    def start(self, specs: Sequence[TaskSpec]) -> list[Status]:
        """Start what was never started, or queue it; see Engine.start. Raises EngineError where the daemon was never
        reached yet: what it has is not known then."""
        self._find()
        with self._lock:
            fresh = [one for one in specs if one.attempt not in self._known]
        begun = self._admission.take(fresh)
        self._begin(begun)
        asked = {one.attempt for one in specs}
        self._tell([one.attempt for one in begun if one.attempt not in asked])
        return self.poll([one.attempt for one in specs])

    def poll(self, attempts: Sequence[str]) -> list[Status]:
        """The status of each, as last seen: while the daemon does not answer, nothing is known to have changed."""
        if not attempts:
            return []
        self._find()
        waiting = self._admission.waiting(attempts)
        with self._lock:
            return [
                Status(one, "queued")
                if one in waiting
                else self._known[one].status
                if one in self._known
                else Status(one, "unknown")
                for one in attempts
            ]

    def stop(self, attempts: Sequence[str], *, force: bool) -> None:
        """SIGTERM (SIGKILL) to each container; those that have not begun do so no more, and are unknown."""
        self._find()
        waited = set(self._admission.drop(attempts))
        with self._lock:
            found = [self._known[one] for one in attempts if one in self._known and one not in waited]
            running = [one for one in found if one.end is None]
            for one in running:
                one.stop = "kill" if force or one.stop == "kill" else "term"
        self._desk.ask(*(one.name for one in running))

    def stop_account(self, account: str) -> list[str]:
        """Kill and forget all attempts of an account; what still runs is forgotten when it has ended."""
        self._find()
        waited = self._admission.drop_account(account)
        with self._lock:
            mine = [one for one in self._known.values() if one.plan.account == account]
            for one in mine:
                one.is_unwanted = True
                one.stop = "kill"
        self.forget([one.name for one in mine if one.end is not None])
        self._desk.ask(*(one.name for one in mine if one.end is None))
        return waited + [one.name for one in mine]

    def logs(self, attempt: str, container: str, cursor: str = START, limit: int = 1000) -> LogChunk:
        """Lines that the daemon keeps; raises EngineError where it does not answer."""
        self._find()
        with self._lock:
            known = self._known.get(attempt)
            seen = None if known is None else known.seen.get(container)
            has_ended = known is not None and known.end is not None
        if seen is None or not seen.identity:
            return LogChunk([], cursor)
        return self._outputs.read(
            attempt, container, seen.identity, cursor=cursor, limit=limit, has_ended=has_ended
        )

    def forget(self, attempts: Sequence[str]) -> None:
        """Remove the containers and volumes of ended attempts; soon, and unknown from now on."""
        with self._lock:
            ended = [one for one in attempts if (known := self._known.get(one)) and known.end is not None]
            for name in ended:
                self._leaving[name] = self._known.pop(name)
        for name in ended:
            self._outputs.close(name)
        self._desk.ask(*ended)

    def recover(self) -> list[Status]:
        """Every attempt that the daemon has and that has begun. Raises EngineError where it does not answer."""
        self._find()
        with self._lock:
            return [one.status for one in self._known.values() if one.has_begun or one.end is not None]

    def subscribe(self, callback: Callable[[Sequence[str]], None]) -> None:
        """Hear of attempts that ended, left the queue, began, or wait for another reason."""
        self._listeners.append(callback)

    def describe(self) -> dict[str, Any]:
        """What the daemon says of itself."""
        info = self._daemon.info()
        return {
            "engine": self.name,
            "daemon": f"{info.get('ServerVersion')} at {self._daemon.path}",
            "storage": info.get("Driver"),
            "cgroups": [f"version {info.get('CgroupVersion', '1')}"],
            "memory_limit": "cgroup, for each container"
            if info.get("MemoryLimit")
            else "none: the kernel has none",
            "vcpus": "cgroup shares" if info.get("CPUShares") else "ignored",
            "live_restore": bool(info.get("LiveRestoreEnabled")),
            "isolation": self.abilities.isolation,
            "ignored": sorted(self.abilities.ignored),
        }

    def clean(self) -> None:
        """Give back disk now; it is done by itself from time to time."""
        self._cleaner.clean()

    def close(self, *, end_attempts: bool) -> None:
        """Let go; with `end_attempts`, all are killed first. An ephemeral server's are removed, too."""
        try:
            if end_attempts and (self._is_found or self._records.are_there()):
                self._end_all()
        except EngineError as error:
            _log.warning("containers may go on running: %s", error)
        self._watcher.close()
        self._desk.close()
        self._pulls.close()
        self._outputs.close_all()
        self._daemon.close()

    def _end_all(self) -> None:
        self._find()
        with self._lock:
            self._is_closing = True
            names = list(self._known)
        ended = threading.Event()
        self.subscribe(lambda _: ended.set() if self._have_ended(names) else None)
        self.stop(names, force=True)
        if not self._have_ended(names):
            ended.wait(_ENDING_SECONDS)
        if self._ephemeral:
            with self._lock:
                left, self._known = self._known, {}
            for attempt in left.values():
                self._runner.remove(attempt)

    def _have_ended(self, names: Iterable[str]) -> bool:
        return all(one.has_ended or one.state == "unknown" for one in self.poll(list(names)))

    def _is_known(self, attempt: str) -> bool:
        with self._lock:
            return attempt in self._known or bool(self._admission.waiting([attempt]))

    def _find(self) -> None:
        """Take over what an earlier server left in the daemon, once."""
        if self._is_found:
            return
        with self._finding:
            if self._is_found:
                return
            found = find_attempts(self._daemon, self._records.identity())
            with self._lock:
                for attempt in found:
                    self._known.setdefault(attempt.name, attempt)
                for name, record in self._records.ended().items():
                    if name not in self._known:
                        plan = Plan.read(record["plan"])
                        self._known[name] = Attempt(name, plan, end=end_of(name, record))
                live = [one for one in self._known.values() if one.end is None]
            self._admission.hold(_held(one) for one in live)
            self._runner.hold(live)
            self._is_found = True
        self._watcher.begin()
        self._desk.ask(*(one.name for one in live))
        self._desk.ask(_CLEANING, delay=_CLEANED_FIRST_SECONDS)

    def _begin(self, specs: Sequence[TaskSpec]) -> None:
        """Have specs started that hold a slot."""
        if self._is_closing:
            return
        with self._lock:
            for spec in specs:
                self._known.setdefault(
                    spec.attempt, Attempt(spec.attempt, Plan.of(spec), spec, reason="Creating containers")
                )
        self._desk.ask(*(one.attempt for one in specs))

    def _look_at(self, name: str) -> float | None:
        """Bring one attempt on; called by the desk, for each by one thread at a time."""
        if name == _CLEANING:
            return self._clean()
        with self._lock:
            leaving = self._leaving.get(name)
        if leaving is not None:
            self._runner.remove(leaving)
        with self._lock:
            self._leaving.pop(name, None)
            attempt = self._known.get(name)
        if attempt is None or attempt.end is not None:
            return None
        before = attempt.status
        again = self._runner.bring_on(attempt)
        if attempt.end is not None:
            self._has_ended(attempt)
        elif attempt.stop is not None and not attempt.has_begun and again is None:
            self._never_begins(attempt)
        elif _tells_more(before, attempt.status):
            self._tell([name])
        return again

    def _clean(self) -> float:
        try:
            self._cleaner.clean()
        except (EngineError, Refused) as error:
            _log.warning("cleaning waits: %s", error)
        return _CLEANED_EVERY_SECONDS

    def _has_ended(self, attempt: Attempt) -> None:
        self._begin(following := self._admission.give_back([attempt.name]))
        if attempt.is_unwanted:
            self.forget([attempt.name])
        self._tell([attempt.name, *(one.attempt for one in following)])

    def _never_begins(self, attempt: Attempt) -> None:
        """It was stopped before anything of it ran."""
        self._runner.remove(attempt)
        with self._lock:
            self._known.pop(attempt.name, None)
        self._begin(following := self._admission.give_back([attempt.name]))
        self._tell([attempt.name, *(one.attempt for one in following)])

    def _look_again(self, attempts: Iterable[str] | None) -> None:
        """The watcher heard of these; None: it may have missed something of any."""
        if attempts is None:
            with self._lock:
                attempts = [one.name for one in self._known.values() if one.end is None]
        self._desk.ask(*attempts)

    def _pull_told(self, attempts: Iterable[str]) -> None:
        self._desk.ask(*attempts)

    def _tell(self, names: Sequence[str]) -> None:
        for listener in self._listeners if names else ():
            listener(names)


def _held(attempt: Attempt) -> Held:
    plan = attempt.plan
    return Held(
        attempt=attempt.name,
        account=plan.account,
        vcpus=plan.vcpus,
        memory_mib=plan.memory_mib,
        gpus=plan.gpus,
        gang=plan.gang,
    )


def _tells_more(before: Status, after: Status) -> bool:
    return before.state != after.state or before.reason != after.reason
