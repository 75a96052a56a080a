"""The process engine: attempts are plain processes of this machine, kept by a supervisor that outlives the server."""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from batchyard.engines.abilities import Abilities
from batchyard.engines.admission import Admission, Held
from batchyard.engines.contract import (
    START,
    Capacity,
    ContainerSpec,
    ContainerStatus,
    EngineError,
    Group,
    LogChunk,
    State,
    Status,
    TaskSpec,
)
from batchyard.engines.process import doctor
from batchyard.engines.process.abilities import IGNORED, here
from batchyard.engines.process.attempts_directory import AttemptsDirectory
from batchyard.engines.process.cgroup_trees import ROLES
from batchyard.engines.process.doctor import cores, gpus, machine_memory_mib, slots_of
from batchyard.engines.process.host_address import own_address
from batchyard.engines.process.job_users import DEFAULT_PLACE, JobPlace, Range, place_of
from batchyard.engines.process.output import read_chunk
from batchyard.engines.process.supervisor_client import SupervisorClient

_log = logging.getLogger(__name__)

QUEUE = 60
"""How many attempts wait here for a slot: what ends and what follows is then written down many at a time."""
_STARTED_AT_ONCE = 64
"""Specs in one message: so many starts take some 50 ms, and exits and other calls wait no longer."""


class ProcessEngine:
    """Runs commands directly, without images, below a directory of its own."""

    def __init__(
        self,
        directory: Path,
        *,
        name: str = "process",
        slots: int = 0,
        vcpus: float = 0,
        memory_mib: int = 0,
        job_users: Range | None = None,
        job_directory: str = DEFAULT_PLACE,
        job_users_list: str | None = None,
        ephemeral: bool = False,
        cgroups: Iterable[str] = ROLES,
        idle_seconds: float = 60,
    ) -> None:
        """`slots`: attempts at once, 0: twice the cores. `vcpus`: what they may ask for together, 0: one for each slot,
        as vCPUs are shares here. `memory_mib`: likewise, 0: what this machine has. `job_users`: the users of whom every
        account gets one for its jobs, None: jobs are the server's user; `job_directory`: where those users' working
        directories lie; `job_users_list`: the directory of the list of them, that all engines share. `ephemeral`:
        attempts end with the last server, however that ends. `cgroups`: the hierarchies that may be used.
        `idle_seconds`: how long a supervisor without server and attempts stays. None is started before there is
        something for it to do."""
        self.name = name
        self._job_users = job_users
        self._job_directory = job_directory
        self._job_users_list = job_users_list or str(directory.absolute())
        self.abilities = Abilities(
            honoured=here(),
            ignored=IGNORED,
            groups=frozenset({"gang"}),
            isolation="server" if job_users is None else "account",
        )
        size = slots_of(slots)
        self._capacity = Capacity(
            slots=size,
            vcpus=vcpus or max(size, cores()),
            memory_mib=memory_mib or machine_memory_mib(),
            gpus=gpus(),
            queue=QUEUE,
        )
        self._admission = Admission(self._capacity)
        self.directory = AttemptsDirectory(str(directory.absolute()))
        self._listeners: list[Callable[[Sequence[str]], None]] = []
        self._removal = threading.Lock()
        options = {"ephemeral": ephemeral, "roles": list(cgroups), "idle_seconds": idle_seconds}
        self._supervisor = SupervisorClient(directory.absolute(), options, self._changed)

    def capacity(self) -> Capacity:
        """What attempts may take of this machine, and how many may wait."""
        return self._capacity

    def start(self, specs: Sequence[TaskSpec]) -> list[Status]:
        """Start what was never started, or queue it; see Engine.start."""
        begun = self._admission.take(specs)
        self._start(begun)
        asked = {spec.attempt for spec in specs}
        self._tell([one.attempt for one in begun if one.attempt not in asked])
        waiting = self._admission.waiting(spec.attempt for spec in specs)
        if waiting:
            self._supervisor.ask("reserve", attempts=list(waiting))
        return self.poll([spec.attempt for spec in specs])

    def _start(self, specs: Sequence[TaskSpec]) -> None:
        """Start specs that hold a slot; those that turn out to have ended give theirs to others."""
        while specs:
            ended: list[str] = []
            for first in range(0, len(specs), _STARTED_AT_ONCE):
                batch = specs[first : first + _STARTED_AT_ONCE]
                try:
                    started = _statuses(
                        self._supervisor.ask("start", specs=[self._message(one) for one in batch])
                    )
                except EngineError:
                    self._admission.give_back([one.attempt for one in specs[first:]])
                    raise
                ended += [status.attempt for status in started if status.has_ended]
            specs = self._admission.give_back(ended) if ended else []

    def poll(self, attempts: Sequence[str]) -> list[Status]:
        """The status of each, in the order asked."""
        if not attempts:
            return []
        # Who waits is asked first: an attempt that starts meanwhile is then known to the supervisor.
        waiting = self._admission.waiting(attempts)
        others = [one for one in attempts if one not in waiting]
        known = _statuses(self._supervisor.ask("poll", attempts=others)) if others else []
        found = {status.attempt: status for status in known}
        return [Status(one, "queued") if one in waiting else found[one] for one in attempts]

    def stop(self, attempts: Sequence[str], *, force: bool) -> None:
        """SIGTERM (SIGKILL) to all processes of each; those that wait do so no longer."""
        waited = self._admission.drop(attempts)
        self.forget(waited)
        others = [one for one in attempts if one not in waited]
        if others:
            self._supervisor.ask("stop", attempts=others, force=force)

    def stop_account(self, account: str) -> list[str]:
        """Kill and forget all attempts of an account; what still runs is forgotten when it has ended."""
        waited = self._admission.drop_account(account)
        self.forget(waited)
        if not self._has_anything():
            return waited
        names: list[str] = self._supervisor.ask("stop_account", account=account)
        self._remove_forgotten()
        return waited + names

    def logs(self, attempt: str, container: str, cursor: str = START, limit: int = 1000) -> LogChunk:
        """Lines of the output file; read here, so the supervisor is not bothered. The cursor is an offset in it."""
        has_ended = self.directory.has_ended(attempt)
        path = self.directory.output(attempt, container)
        return read_chunk(path, cursor=cursor, limit=limit, has_ended=has_ended)

    def forget(self, attempts: Sequence[str]) -> None:
        """Remove the files of ended attempts."""
        if attempts:
            self._supervisor.ask("forget", attempts=list(attempts))
            self._remove_forgotten()

    def recover(self) -> list[Status]:
        """Every attempt on disk; those whose supervisor died are lost by the time this returns."""
        if not self._has_anything():
            return []
        found = _statuses(self._supervisor.ask("recover"))
        self._admission.hold(Held(**one) for one in self._supervisor.ask("held"))
        return found

    def subscribe(self, callback: Callable[[Sequence[str]], None]) -> None:
        """Hear of attempts that ended or left the queue."""
        self._listeners.append(callback)

    def describe(self) -> dict[str, Any]:
        """What holds and limits attempts here; starts the supervisor, because only it can tell."""
        hello = self._supervisor.ask("hello")
        held = bool({"unified", "freezer", "memory"} & set(hello["cgroups"]))
        return {
            "engine": self.name,
            "supervisor": hello["pid"],
            "cgroups": hello["cgroups"],
            "memory_limit": "cgroup, for the whole attempt"
            if hello["limits_memory"]
            else "RLIMIT_DATA, for each process by itself; running out is seen as the command's own failure",
            "vcpus": "cgroup shares" if hello["shares_cpu"] else "ignored",
            "ending": "cgroup, every process"
            if held
            else "process group and environment mark; a process that leaves its session and clears its environment "
            "is not found",
            "isolation": self.abilities.isolation,
            "mounts": doctor.mounts(),
            "ignored": sorted(self.abilities.ignored),
        }

    def close(self, *, end_attempts: bool) -> None:
        """Let go of the supervisor; with `end_attempts` it kills everything and ends first."""
        self._supervisor.close(end_attempts=end_attempts, must_start=self._has_anything())
        if end_attempts and self._job_users is not None and os.path.exists(self.directory.root):
            shutil.rmtree(place_of(self.directory.root, self._job_directory), ignore_errors=True)

    def _has_anything(self) -> bool:
        return bool(self.directory.names())

    def _changed(self, names: Sequence[str]) -> None:
        following = self._admission.give_back(names)
        try:
            self._start(following)
        except EngineError:
            # They are unknown to everybody now: whoever hears of them asks for them again.
            _log.exception("what waited for a slot could not be started")
        self._tell([*names, *(one.attempt for one in following)])

    def _tell(self, names: Sequence[str]) -> None:
        """These ended, or left the queue."""
        for listener in self._listeners if names else ():
            listener(names)

    def _remove_forgotten(self) -> None:
        with self._removal:
            shutil.rmtree(self.directory.forgotten, ignore_errors=True)
            if self._job_users is not None:
                place = JobPlace(place_of(self.directory.root, self._job_directory))
                shutil.rmtree(place.forgotten, ignore_errors=True)
            self.directory.make()

    def _message(self, spec: TaskSpec) -> dict[str, Any]:
        users = {
            "range": self._job_users,
            "list": self._job_users_list,
            "place": self._job_directory,
        }
        return _message(spec) | {"users": None if self._job_users is None else users}


def _message(spec: TaskSpec) -> dict[str, Any]:
    gang = spec.group if spec.group is not None and spec.group.kind == "gang" else None
    return {
        "attempt": spec.attempt,
        "account": spec.account,
        "containers": [
            _container(one, _addresses(gang) if gang is not None else {}) for one in spec.containers
        ],
        "volumes": [
            {"name": one.name, "host_path": one.host_path, "account_folder": one.account_folder}
            for one in spec.volumes
        ],
        "takes": {
            "vcpus": spec.vcpus,
            "memory_mib": spec.memory_mib,
            "gpus": spec.gpus,
            **({"gang": gang.name} if gang is not None else {}),
        },
        "deadline_seconds": spec.deadline_seconds,
    }


def _container(container: ContainerSpec, addresses: dict[str, str]) -> dict[str, Any]:
    limits = container.limits
    return {
        "name": container.name,
        "command": list(container.arguments),
        "environment": {**container.environment, **addresses},
        "memory_mib": limits.memory_mib,
        "vcpus": limits.vcpus,
        "ulimits": [[one.name, one.soft, one.hard] for one in limits.ulimits],
        "mounts": [
            {"volume": one.volume, "path": one.path, "read_only": one.read_only} for one in container.mounts
        ],
        "tmpfs": [
            {"path": one.path, "size_mib": one.size_mib, "options": list(one.options)}
            for one in container.tmpfs
        ],
        "shared_memory_mib": limits.shared_memory_mib,
        "essential": container.essential,
        "depends_on": {one.container: one.condition for one in container.depends_on},
        "start_timeout_seconds": container.start_timeout_seconds,
        "stop_timeout_seconds": container.stop_timeout_seconds,
    }


def _addresses(gang: Group) -> dict[str, str]:
    """Every member is reached at this machine's own address."""
    return dict.fromkeys(gang.addresses, own_address()) if gang.addresses else {}


def _statuses(records: list[dict[str, Any]]) -> list[Status]:
    return [_status(**record) for record in records]


def _status(
    *,
    attempt: str,
    state: State,
    containers: list[dict[str, Any]],
    started_at: float | None,
    stopped_at: float | None,
) -> Status:
    """The supervisor's record of an attempt."""
    known = tuple(ContainerStatus(**one) for one in containers)
    return Status(attempt, state, known, started_at=started_at, stopped_at=stopped_at)
