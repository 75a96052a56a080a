"""Makes wanted tasks run on the engine, brings their output away, and closes those that ended."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.engines.contract import Engine, EngineAway, Status
from batchyard.framework.context import schedule
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.elapsed import Elapsed
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.services.ecs.controllers.endings import (
    Ending,
    began_at,
    close,
    is_no_start,
    not_started,
    of_status,
    outcomes_of,
)
from batchyard.services.ecs.controllers.launching import Launcher
from batchyard.services.ecs.controllers.outputs import Outputs
from batchyard.services.ecs.controllers.task_engines import TaskEngines
from batchyard.services.ecs.controllers.task_keys import key_of
from batchyard.services.ecs.definitions.task_definitions import find as find_definition
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import tasks
from batchyard.services.ecs.tasks import task_rows, task_specs
from batchyard.services.ecs.tasks.log_delivery import Stream
from batchyard.services.ecs.tasks.task_doors import new_token
from batchyard.services.ecs.tasks.windows import Window
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_log = logging.getLogger(__name__)

CALLS_AT_ONCE = 16
LOOK_SECONDS = 1.0
"""How often the output of a running task is brought away."""
QUIET_LOOK_SECONDS = 30.0
"""How often a task without logged output is looked at, should the engine's word of its end be lost."""
FORCE_AGAIN_SECONDS = 1.0
AWAY_SECONDS = 2.0
"""When an engine that cannot be reached is asked again."""
LONGEST_DRAIN_DELAY_SECONDS = 60.0

_IN_PHASE = Prepared(select(tasks).where(tasks.c.phase == bindparam("phase")))


@ecs.controller
class TaskController(Controller):
    """One key is one task, its cluster the grouping; rows say what was done, the engine what happened."""

    name = "ecs.tasks"
    batch_size = 100

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="streams")
        self._stopping = Elapsed(runtime.clock)
        self._outputs = Outputs(runtime)
        self._engines = TaskEngines(runtime.engines)
        self._to_recover = set(runtime.engines)
        self._windows = {
            name: Window(name, engine.capacity().window, new_token=lambda: new_token(self.runtime.keyring))
            for name, engine in runtime.engines.items()
        }
        for engine in runtime.engines.values():
            engine.subscribe(self._attempts_changed)

    def started(self) -> None:
        """Take back what ran before: every task on an engine is looked at, what nobody knows is ended."""
        kept = self._recover()
        self.write(self._resume)
        self._end_all_unknown(kept)

    def _recover(self) -> dict[str, Sequence[Status]]:
        """What each engine kept, once for each: an engine that cannot be reached is asked again later."""
        kept: dict[str, Sequence[Status]] = {}
        for name in sorted(self._to_recover):
            try:
                kept[name] = self.runtime.engines[name].recover()
            except EngineAway as error:
                _log.warning("the engine %s cannot be reached, its tasks wait: %s", name, error)
        self._to_recover -= kept.keys()
        return kept

    def _end_all_unknown(self, kept: Mapping[str, Sequence[Status]]) -> None:
        for name, statuses in kept.items():
            self._end_unknown(self.runtime.engines[name], statuses)

    def _end_unknown(self, engine: Engine, statuses: Sequence[Status]) -> None:
        known = {status.attempt: status for status in statuses}
        with self.read() as tx:
            phases = {row.id: row.phase for row in task_rows.find_states(tx, known)}
        left = [one for one in known if phases.get(one, task_rows.ENDED) == task_rows.ENDED]
        engine.stop([one for one in left if not known[one].has_ended], force=True)
        engine.forget([one for one in left if known[one].has_ended])

    def _resume(self, tx: Transaction) -> None:
        for phase in (*task_rows.ON_ENGINE, task_rows.DRAINING):
            for row in tx.all(_IN_PHASE, phase=phase):
                self.intend(tx, key_of(row))
        self._wake_waiting(tx)

    def stopped(self) -> None:
        self._pool.shutdown()

    def forgotten(self) -> None:
        """After a reset: the slots of the tasks that are gone go to those that wait."""
        self.write(self._wake_waiting)

    def details(self) -> dict[str, Any]:
        """The default engine's slots and how many are free."""
        default = self.runtime.engines[self.runtime.engines.default]
        capacity = default.capacity()
        with self.read() as tx:
            return {
                "slots": capacity.slots,
                "free": self._windows[default.name].free(tx) - capacity.queue,
            }

    def _attempts_changed(self, identities: Sequence[str]) -> None:
        """Called by the engine, on its thread: have the tasks looked at. Each has its work row already, for later."""
        with self.read() as tx:
            rows = task_rows.find_places(tx, identities)
        self.runtime.wake([(key_of(row), None) for row in rows])

    def _wake_waiting(self, tx: Transaction) -> None:
        for window in self._windows.values():
            for row in window.call_waiting(tx):
                schedule(self.runtime, tx, key_of(row))

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Admit, start, watch and close the tasks that the keys name."""
        if self._to_recover:
            self._end_all_unknown(self._recover())
        identities = [key.name for key in keys]
        with self.read() as tx:
            found = task_rows.find_tasks(tx, identities)
        rows = [row for row in found if self._engines.has(row)]
        again = {key_of(row): Again(QUIET_LOOK_SECONDS) for row in found if not self._engines.has(row)}
        if any(row.phase == task_rows.NEW or _never_to_start(row) for row in rows):
            rows = self.write(lambda tx: self._admit(tx, rows))
        documents = self._documents(rows)
        told = [row for row in rows if row.phase in (*task_rows.ON_ENGINE, task_rows.DRAINING)]
        polled = [row for row in told if row.phase not in (task_rows.STARTING, task_rows.DRAINING)]
        statuses = self._engines.poll(polled)
        again |= {key_of(row): Again(AWAY_SECONDS) for row in polled if row.id not in statuses}
        to_start = [row for row in told if _is_to_start(row, statuses.get(row.id))]
        if to_start:
            again |= self._start(to_start, documents)
        on_engine = [row for row in told if row.id in statuses and row not in to_start]
        if on_engine:
            again |= self._watch(on_engine, statuses, documents)
        for row in told:
            if row.phase == task_rows.DRAINING:
                again |= self._drain(row, documents[row.id])
        return again

    def _admit(self, tx: Transaction, rows: Sequence[Row]) -> list[Row]:
        """Places for the new; those stopped before they had a place are closed."""
        fresh = task_rows.find_states(tx, [row.id for row in rows])
        gone = [row for row in fresh if _never_to_start(row)]
        self._close(tx, [(row, not_started(row), False) for row in gone])
        new = [row for row in fresh if row.phase == task_rows.NEW and not _never_to_start(row)]
        for name, window in self._windows.items():
            window.admit(tx, [row for row in new if row.engine == name])
        self._wake_waiting(tx)
        return task_rows.find_tasks(tx, [row.id for row in fresh])

    def _documents(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Each task's definition, each revision read once."""
        found: dict[tuple[str, int], Any] = {}
        with self.read() as tx:
            for row in rows:
                revision = (row.family, row.revision)
                if revision not in found:
                    at = {"account": row.account, "partition": row.partition, "region": row.region}
                    definition = find_definition(tx, at, *revision)
                    found[revision] = None if definition is None else definition.document
        return {row.id: found[(row.family, row.revision)] for row in rows}

    def _start(self, rows: Sequence[Row], documents: Mapping[str, Any]) -> dict[Key, Again]:
        """Start the attempts; those that cannot be started are closed with their reason."""
        launcher = Launcher(self.runtime, self._outputs, self._pool)
        launched, refused = launcher.launch(rows, documents)
        by_id = {row.id: row for row in rows}
        statuses = self._engines.start(launched, by_id)
        away = [one.attempt for one in launched if one.attempt not in statuses]
        for identity in [one for one, status in statuses.items() if is_no_start(by_id[one], status)]:
            refused[identity] = of_status(by_id[identity], statuses.pop(identity), clock=self.runtime.clock)
        closing = [(by_id[identity], ending, False) for identity, ending in refused.items()]
        self.write(lambda tx: self._record_start(tx, statuses, closing))
        self._engines.forget([by_id[identity] for identity in refused])
        again = {key_of(by_id[identity]): _look_after(status) for identity, status in statuses.items()}
        return again | {key_of(by_id[identity]): Again(AWAY_SECONDS) for identity in away}

    def _record_start(
        self, tx: Transaction, statuses: Mapping[str, Status], closing: Sequence[tuple[Row, Ending, bool]]
    ) -> None:
        begun = [one for one, status in statuses.items() if _has_begun(status)]
        task_rows.mark_queued(tx, [one for one in statuses if one not in begun])
        self._record_reasons(tx, [one for one in statuses if one not in begun], statuses)
        self._record_running(tx, begun, statuses)
        if closing:
            self._close(tx, closing)

    def _record_reasons(
        self, tx: Transaction, identities: Sequence[str], statuses: Mapping[str, Status]
    ) -> None:
        """Why tasks that have not begun do not, where the engine says so: an image is pulled, for example."""
        for row in task_rows.find_states(tx, [one for one in identities if statuses[one].reason]):
            if row.container_reason != statuses[row.id].reason and row.phase in _NOT_STARTED:
                task_rows.change(tx, row.id, container_reason=statuses[row.id].reason)
                self._announce(tx, row)

    def _record_running(
        self, tx: Transaction, identities: Sequence[str], statuses: Mapping[str, Status]
    ) -> None:
        """Tasks that the engine has begun, since the moment at which it did."""
        rows = [row for row in task_rows.find_states(tx, identities) if row.phase in _NOT_STARTED]
        for row in rows:
            began = began_at(statuses[row.id], clock=self.runtime.clock) or self.now
            task_rows.change(
                tx,
                row.id,
                phase=task_rows.RUNNING,
                last_status="RUNNING",
                started_at=began,
                container_reason=None,
            )
            self._announce(tx, row)
        task_rows.count(tx, rows, pending=-1, running=1)

    def _watch(
        self,
        rows: Sequence[Row],
        statuses: Mapping[str, Status],
        documents: Mapping[str, Any],
    ) -> dict[Key, Again]:
        """Bring output away; stop what shall stop; close what has ended."""
        again: dict[Key, Again] = {}
        closing: list[tuple[Row, Ending, bool]] = []
        cursors: dict[str, Mapping[str, str]] = {}
        outcomes: dict[str, Mapping[str, Any]] = {}
        begun: list[str] = []
        reasons = [row.id for row in rows if _waits_for_another_reason(row, statuses[row.id])]
        for row in rows:
            status = statuses[row.id]
            if row.phase == task_rows.QUEUED and not _has_begun(status):
                again[key_of(row)] = self._wait(row, status)
                continue
            if row.phase == task_rows.QUEUED and not _is_over(status):
                begun.append(row.id)
            delivery = self._outputs.deliver(row, documents[row.id], has_ended=_is_over(status))
            if delivery.cursors != row.cursors:
                cursors[row.id] = delivery.cursors
            if not _is_over(status) and outcomes_of(status, row) != row.outcomes:
                outcomes[row.id] = outcomes_of(status, row)
            if _is_over(status):
                ending = of_status(row, status, clock=self.runtime.clock)
                closing.append((row, ending, not delivery.is_complete))
            else:
                again[key_of(row)] = self._go_on(row, documents[row.id])
        if reasons:
            self.write(lambda tx: self._record_reasons(tx, reasons, statuses))
        if begun or cursors or outcomes or closing:
            self.write(lambda tx: self._record(tx, begun, statuses, cursors, outcomes, closing))
        self._engines.forget([row for row, _, draining in closing if not draining])
        return again | {key_of(row): Again(LOOK_SECONDS) for row, _, draining in closing if draining}

    def _record(
        self,
        tx: Transaction,
        begun: Sequence[str],
        statuses: Mapping[str, Status],
        cursors: Mapping[str, Mapping[str, str]],
        outcomes: Mapping[str, Mapping[str, Any]],
        closing: Sequence[tuple[Row, Ending, bool]],
    ) -> None:
        self._record_running(tx, begun, statuses)
        for identity, known in cursors.items():
            task_rows.note_logged(tx, identity, known)
        for identity, known_ends in outcomes.items():
            task_rows.change(tx, identity, outcomes=known_ends)
        if closing:
            self._close(tx, closing)

    def _wait(self, row: Row, status: Status) -> Again:
        """A task that the engine has not begun: left in its line, or taken from it."""
        if row.desired_status != "STOPPED":
            return Again(QUIET_LOOK_SECONDS)
        self._engines.stop(row, force=True)
        return Again(0 if status.state == "queued" else FORCE_AGAIN_SECONDS)

    def _go_on(self, row: Row, document: Mapping[str, Any]) -> Again:
        """What a task that runs needs: a signal, or to be looked at again."""
        if row.phase == task_rows.HOST_GONE:
            self._engines.stop(row, force=True)
            return Again(FORCE_AGAIN_SECONDS)
        if row.desired_status != "STOPPED":
            return Again(LOOK_SECONDS if Stream.all_of(document, row.id) else QUIET_LOOK_SECONDS)
        left = task_specs.stop_timeout_seconds(document) - self._stopping.seconds(row.id, row.stopping_at)
        if row.phase != task_rows.STOPPING and self._engines.stop(row, force=False):
            self.write(lambda tx: task_rows.mark_stopping(tx, row.id))
        if left > 0:
            return Again(min(left, LOOK_SECONDS))
        self._engines.stop(row, force=True)
        return Again(FORCE_AGAIN_SECONDS)

    def _drain(self, row: Row, document: Mapping[str, Any]) -> dict[Key, Again]:
        """Try again to put what a stopped task has left; in growing steps, until it is put or swept."""
        delivery = self._outputs.deliver(row, document, has_ended=True)
        if not delivery.is_complete:
            age = (self.now - row.stopped_at).total_seconds()
            return {key_of(row): Again(min(max(LOOK_SECONDS, age / 4), LONGEST_DRAIN_DELAY_SECONDS))}
        self.write(lambda tx: task_rows.change(tx, row.id, phase=task_rows.ENDED, cursors=delivery.cursors))
        self._engines.forget([row])
        return {}

    def _close(self, tx: Transaction, endings: Sequence[tuple[Row, Ending, bool]]) -> None:
        closed = close(tx, endings, now=self.now)
        for row in closed:
            self._announce(tx, row)
        for account, partition, region, cluster in {
            (row.account, row.partition, row.region, row.cluster) for row in closed
        }:
            sweep = Key("ecs.sweeping", account, partition, region, cluster)
            self.intend(tx, sweep, delay_seconds=3600)
        self._wake_waiting(tx)

    def _announce(self, tx: Transaction, row: Row) -> None:
        key = key_of(row)
        arn = f"arn:{row.partition}:ecs:{row.region}:{row.account}:task/{row.cluster}/{row.id}"
        self.announce(tx, "ecs.task", key, arn, grouping=key.grouping)


def _never_to_start(row: Row) -> bool:
    before = (task_rows.NEW, task_rows.GATHERING, task_rows.WAITING)
    return row.desired_status == "STOPPED" and row.phase in before


_NOT_STARTED = (task_rows.STARTING, task_rows.QUEUED)


def _has_begun(status: Status) -> bool:
    return status.state not in ("queued", "starting", "unknown")


def _waits_for_another_reason(row: Row, status: Status) -> bool:
    return bool(
        row.phase == task_rows.QUEUED
        and not _has_begun(status)
        and status.reason
        and status.reason != row.container_reason
    )


def _is_to_start(row: Row, status: Status | None) -> bool:
    """Is the engine to be told: for the first time, or because it forgot what it had waiting?"""
    return row.phase == task_rows.STARTING or (
        row.phase == task_rows.QUEUED and status is not None and status.state == "unknown"
    )


def _look_after(status: Status) -> Again:
    if status.has_ended:
        return Again(0)
    return Again(LOOK_SECONDS if _has_begun(status) else QUIET_LOOK_SECONDS)


def _is_over(status: Status) -> bool:
    return status.has_ended or status.state == "unknown"
