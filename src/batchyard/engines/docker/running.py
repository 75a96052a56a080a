"""Brings one attempt on: its images, its containers, their starts and signals, and what is seen of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from batchyard.clock import wall_now
from batchyard.engines.contract import ContainerSpec, EngineError, TaskSpec
from batchyard.engines.docker import statuses
from batchyard.engines.docker.attempts import Attempt, record_of
from batchyard.engines.docker.bodies import GPUS_LABEL, SERVER_LABEL, body, container_name, volume_name
from batchyard.engines.docker.daemon import Daemon, Refused, own_process
from batchyard.engines.docker.plans import next_steps
from batchyard.engines.docker.pulls import Pulls
from batchyard.engines.docker.records import Records
from batchyard.engines.docker.statuses import Seen

GONE_SECONDS = 1.0
"""How long until a daemon that does not answer is asked again, or a daemon that was asked to kill."""
QUIET_SECONDS = 30.0
"""How long until a container is looked at again, should the daemon's word of its end be lost."""
_NO_IMAGE = 404
_TAKEN = 409


class Runner:
    """Does one step after the other for an attempt, until it has to wait; for each from one thread at a time."""

    def __init__(
        self, daemon: Daemon, records: Records, pulls: Pulls, *, engine: str, gpus: int, ephemeral: bool
    ) -> None:
        """`engine`: its name in the daemon. `gpus`: how many the host has. `ephemeral`: containers are marked as this
        server's."""
        self._daemon = daemon
        self._records = records
        self._pulls = pulls
        self._engine = engine
        self._labels = {SERVER_LABEL: own_process()} if ephemeral else {}
        self._gpus = [str(number) for number in range(gpus)]
        self._given: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def bring_on(self, attempt: Attempt) -> float | None:
        """Do what can be done now; seconds after which to look again, should nothing be heard. `attempt.end` is set
        when all is over."""
        try:
            again = self._bring_on(attempt)
        except EngineError as error:
            if not attempt.has_begun:
                attempt.reason = str(error)
            return GONE_SECONDS
        if attempt.end is not None:
            self._let_go(attempt)
        return again

    def hold(self, attempts: Iterable[Attempt]) -> None:
        """These have their GPUs already: an earlier server gave them."""
        with self._lock:
            self._given |= {one.name: one.gpus for one in attempts if one.gpus}

    def remove(self, attempt: Attempt) -> None:
        """Remove all that the daemon has of an attempt, and what is kept of it. Raises EngineError, Refused."""
        for part in attempt.plan.parts:
            self._daemon.remove(container_name(self._engine, attempt.name, part.name))
        for volume in attempt.plan.volumes:
            self._daemon.remove_volume(volume_name(self._engine, attempt.name, volume))
        self._records.forget(attempt.name)
        self._let_go(attempt)

    def _bring_on(self, attempt: Attempt) -> float | None:
        for seen in list(attempt.seen.values()):
            if seen.identity and (seen.phase != "over" or seen.exit_code == statuses.UNKNOWN_EXIT):
                attempt.seen[seen.name] = self._see(attempt, seen.name)
        if not attempt.has_begun and (attempt.stop is not None or not self._make(attempt)):
            return None
        while True:
            steps = next_steps(
                attempt.plan,
                attempt.seen,
                stop=attempt.stop,
                terminated=attempt.terminated,
                now=wall_now().timestamp(),
            )
            for name in steps.start:
                if attempt.stop is None and attempt.end is None:
                    self._start(attempt, name)
            self._signal(attempt, steps.terminate, "SIGTERM")
            self._signal(attempt, steps.kill, "SIGKILL")
            if attempt.end is not None:
                return None
            if steps.is_over:
                attempt.finish(now=wall_now().timestamp())
                return None
            if not steps.start:
                quiet = GONE_SECONDS if steps.kill else QUIET_SECONDS
                return quiet if steps.look_after is None else min(quiet, steps.look_after)
            if attempt.stop is not None and not attempt.has_begun:
                return None

    def _see(self, attempt: Attempt, name: str) -> Seen:
        seen = statuses.seen(name, self._daemon.inspect(attempt.seen[name].identity))
        if seen.exit_code != statuses.UNKNOWN_EXIT or not seen.has_begun:
            return seen
        sent_to = self._records.starts(attempt.name).get(name)
        if sent_to in (None, self._daemon.generation()):
            return seen
        return replace(seen, exit_code=None, reason=statuses.ENDED_UNSEEN, is_lost=True)

    def _signal(self, attempt: Attempt, names: Iterable[str], signal: str) -> None:
        for name in names:
            self._daemon.kill(attempt.seen[name].identity, signal)
            attempt.terminated.setdefault(name, wall_now().timestamp())

    def _make(self, attempt: Attempt) -> bool:
        """Make the containers that are missing; False where that has to wait, or has failed."""
        spec = attempt.spec
        if spec is None:
            return False
        for container in spec.containers:
            if attempt.seen[container.name].phase == "none":
                if not self._has_image(attempt, container):
                    return False
                if not self._make_one(attempt, spec, container):
                    return False
        attempt.reason = None
        return True

    def _has_image(self, attempt: Attempt, container: ContainerSpec) -> bool:
        """Pull it where the settings want that; the daemon tells of a missing image."""
        return not self._pulls.is_to_pull(container.image) or self._pull(attempt, container)

    def _pull(self, attempt: Attempt, container: ContainerSpec) -> bool:
        is_over, told = self._pulls.want(container.image, attempt.name)
        if is_over and told is None:
            return True
        if is_over:
            self._fail(attempt, container, str(told))
        else:
            attempt.reason = told
        return False

    def _make_one(self, attempt: Attempt, spec: TaskSpec, container: ContainerSpec) -> bool:
        name = container_name(self._engine, spec.attempt, container.name)
        given = self._give_gpus(attempt, container.limits.gpus)
        labels = self._labels | ({GPUS_LABEL: ",".join(given)} if given else {})
        request = body(spec, container, engine=self._engine, gpus=given, labels=labels)
        try:
            identity = self._daemon.create(name, request)
        except Refused as refused:
            return self._not_made(attempt, spec, container, refused)
        attempt.seen[container.name] = Seen(name=container.name, identity=identity, phase="made")
        self._pulls.used(container.image)
        return True

    def _not_made(self, attempt: Attempt, spec: TaskSpec, container: ContainerSpec, refused: Refused) -> bool:
        if refused.status == _NO_IMAGE and self._daemon.inspect_image(container.image) is None:
            return self._pull(attempt, container) and self._make_one(attempt, spec, container)
        name = container_name(self._engine, spec.attempt, container.name)
        there = self._daemon.inspect(name) if refused.status == _TAKEN else None
        if there is None:
            self._fail(attempt, container, statuses.cannot_create(refused.text))
            return False
        attempt.seen[container.name] = statuses.seen(container.name, there)
        return True

    def _give_gpus(self, attempt: Attempt, wanted: int) -> tuple[str, ...]:
        """GPUs of the host that no other attempt has; what wants more than there are runs alone, with all."""
        with self._lock:
            taken = {one for given in self._given.values() for one in given}
            given = tuple(one for one in self._gpus if one not in taken)[:wanted]
            if given:
                self._given[attempt.name] = self._given.get(attempt.name, ()) + given
            return given

    def _let_go(self, attempt: Attempt) -> None:
        with self._lock:
            self._given.pop(attempt.name, None)
        self._pulls.forget(attempt.name)

    def _start(self, attempt: Attempt, name: str) -> None:
        """Start a container that was never started, whoever else may try. A daemon that ended while it started it does
        not know whether it did: then nobody starts it again."""
        with self._records.starting(attempt.name):
            seen = attempt.seen[name] = self._see(attempt, name)
            if seen.phase != "made":
                return
            generation = self._daemon.generation()
            sent_to = self._records.starts(attempt.name).get(name)
            if sent_to not in (None, generation):
                self._lose(attempt, name)
                return
            self._records.note_start(attempt.name, name, generation)
            before = wall_now().timestamp()
            try:
                self._daemon.start(seen.identity)
            except Refused as refused:
                attempt.seen[name] = self._not_started(attempt, name, refused)
                return
            attempt.seen[name] = Seen(name=name, identity=seen.identity, phase="running", started_at=before)

    def _not_started(self, attempt: Attempt, name: str, refused: Refused) -> Seen:
        seen = self._see(attempt, name)
        if seen.phase not in ("made", "none"):
            return seen
        reason = statuses.cannot_start(refused.text)
        return Seen(
            name=name,
            identity=seen.identity,
            phase="over",
            exit_code=statuses.STARTED_IN_VAIN,
            reason=reason,
        )

    def _fail(self, attempt: Attempt, container: ContainerSpec, reason: str) -> None:
        attempt.fail(reason, container=container.name, now=wall_now().timestamp())
        self._note_end(attempt)

    def _lose(self, attempt: Attempt, name: str) -> None:
        attempt.fail(statuses.HOST_TERMINATED, container=name, now=wall_now().timestamp(), is_lost=True)
        self._note_end(attempt)

    def _note_end(self, attempt: Attempt) -> None:
        if attempt.end is not None:
            self._records.note_end(attempt.name, record_of(attempt.end, attempt.plan))
