"""One round of placing in an account and Region: see, plan, start, grow and shrink, say why the rest waits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select, update

from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.errors import ApiError, NotBuilt
from batchyard.framework.work import Key
from batchyard.scheduler.answers import Desire, Plan
from batchyard.scheduler.plan import plan
from batchyard.scheduler.snapshot import Snapshot
from batchyard.services.batch.environments import capacity
from batchyard.services.batch.environments.capacity import Seen
from batchyard.services.batch.environments.infrastructure import has_old_instances
from batchyard.services.batch.environments.joining import mark_none_joined
from batchyard.services.batch.environments.refused_environments import is_environments_fault, mark_refused
from batchyard.services.batch.environments.unfit import Unfit
from batchyard.services.batch.jobs.job_rows import front_of
from batchyard.services.batch.placing.lines import Lines, read_lines, snapshot
from batchyard.services.batch.placing.observing import Observer
from batchyard.services.batch.placing.starting import Starter
from batchyard.services.batch.placing.waiting import Waiting
from batchyard.services.batch.tables import compute_environments
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

LOOK_AGAIN_SECONDS = 5.0
"""While jobs wait: how long until they are looked at although nothing happened."""
SOON_SECONDS = 0.2
"""After ECS had no room where the plan saw some, and while instances are on their way out."""


class Round:
    """One round; `go` holds the order of everything. No transaction is open across a call."""

    def __init__(
        self,
        controller: Controller,
        key: Key,
        acting_as: ActingAs,
        *,
        observer: Observer,
        pool: ThreadPoolExecutor,
        waiting: Waiting,
    ) -> None:
        self._controller = controller
        self._key = key
        self._acting_as = acting_as
        self._observer = observer
        self._now = controller.now
        self._refused = False
        self._until_joined = math.inf
        self._waiting = waiting
        self._until_limit = math.inf
        self.changed = False
        """Did the round start a task or ask for other capacity?"""
        self._starter = Starter(controller.runtime, acting_as, self._refuse, pool=pool, now=self._now)

    def go(self) -> Again | None:
        """Make one round; says when the next should be, if nothing happens sooner."""
        # 1. Starts whose answer was lost.
        lines = self._read()
        if lines.unanswered:
            self._starter.run(self._starter.resume(lines.unanswered, lines.environments))
            lines = self._read()
        # 2. What there is.
        observed = self._observe(lines)
        if self._refused:
            # What was not seen must not be taken for nothing: the next round knows the environment as INVALID.
            return Again(SOON_SECONDS)
        seen = snapshot(lines, observed, self._controller.runtime)
        # 3. The decision.
        decided = plan(seen, self._now)
        # 4. Tasks for those that fit.
        waiting = lines.jobs
        places = [
            (waiting[one.job_id].id, environment)
            for one in decided.placements
            if not has_old_instances(environment := lines.by_arn(one.compute_environment_arn))
        ]
        self.changed = bool(places or decided.capacity)
        self._starter.run(self._starter.intend(places))
        # 5. Capacity for those that do not.
        for desire in decided.capacity:
            self._change(lines.by_arn(desire.compute_environment_arn), desire)
        # 6. Why they wait.
        self._until_limit = self._waiting.tell(lines, decided, self._now)
        self._tell_where_the_line_begins(lines)
        return self._again(lines, seen, decided)

    def _read(self) -> Lines:
        with self._controller.read() as tx:
            return read_lines(tx, self._key, self._now)

    def _observe(self, lines: Lines) -> Mapping[int, Seen]:
        observed: dict[int, Seen] = {}
        for row in lines.environments.values():
            try:
                seen = self._observer.instances(
                    row, self._acting_as, wanted=lines.wanted(row.id), now=self._now
                )
            except ApiError as error:
                self._judge(row, error)
            else:
                observed[row.id] = seen
                self._look_who_joined(row, seen)
        return observed

    def _look_who_joined(self, row: Row, seen: Seen) -> None:
        """An environment none of whose instances joined its cluster in time is wrong."""
        if seen.outside_since is None:
            if seen.awaits_first:
                self._until_joined = min(LOOK_AGAIN_SECONDS, self._until_joined)
            return
        limit = self._controller.runtime.settings.join_timeout
        left = limit - (self._now - seen.outside_since).total_seconds()
        if left > 0:
            self._until_joined = min(left, self._until_joined)
        else:
            self._refused = True
            mark_none_joined(self._controller, self._key, row)

    def _judge(self, row: Row, error: ApiError) -> None:
        if not is_environments_fault(error):
            raise error
        self._refuse(row, error)

    def _refuse(self, row: Row, error: ApiError) -> None:
        self._refused = True
        mark_refused(self._controller, self._key, row, error)

    def _change(self, row: Row, desire: Desire) -> None:
        """Grow or shrink an environment, unless it is ending meanwhile."""
        wanted = [name for name, _ in desire.launch]
        with self._controller.runtime.sole.environments.of(row.id):
            current = self._controller.write(lambda tx: _intend_change(tx, row, desire, wanted))
            if current is None:
                return
            self._observer.wake(row)
            aws = self._acting_as(row.service_role, source_arn=row.arn)
            try:
                capacity.prepare(aws, current, wanted)
            except (ApiError, Unfit) as error:
                self._refuse_making(row, error)
                return
            try:
                capacity.change(aws, current, desire)
            except ApiError as error:
                self._judge(row, error)

    def _refuse_making(self, row: Row, error: ApiError | Unfit) -> None:
        """A group or fleet that cannot be made is the environment's fault, whoever refused it."""
        if isinstance(error, ApiError) and error.status >= 500 and not isinstance(error, NotBuilt):
            raise error
        self._refused = True
        mark_refused(self._controller, self._key, row, error)

    def _tell_where_the_line_begins(self, lines: Lines) -> None:
        """Behind a full front of which nothing fits, a new job changes nothing: its submission wakes nobody."""
        with self._controller.read() as tx:
            for queue in lines.fronts:
                tx.hint(front_of(queue), lines.is_full(queue) and not self.changed)

    def _again(self, lines: Lines, seen: Snapshot, decided: Plan) -> Again | None:
        if self._refused or (lines.is_long() and decided.placements and not decided.waits):
            return Again(0)
        moments = [self._until_idle_too_long(seen)]
        if self._starter.put_back or any(one.terminate for one in decided.capacity):
            moments.append(SOON_SECONDS)
        if decided.waits or any(one.launch for one in decided.capacity):
            moments.append(LOOK_AGAIN_SECONDS)
        if self._until_joined < math.inf:
            moments.append(self._until_joined + 0.01)
        if self._until_limit < math.inf:
            moments.append(self._until_limit + 0.01)
        known = [one for one in moments if one is not None]
        return Again(min(known)) if known else None

    def _until_idle_too_long(self, seen: Snapshot) -> float | None:
        """How long until the first idle instance may go; None where none waits for that."""
        left = [
            environment.scale_down_delay_seconds - (self._now - instance.idle_since).total_seconds()
            for environment in seen.compute_environments
            if environment.type != "UNMANAGED"
            for instance in environment.instances
            if instance.idle_since is not None and instance.state == "ACTIVE"
        ]
        pending = [seconds for seconds in left if seconds > 0]
        return min(pending) + 0.01 if pending else None


def _intend_change(tx: Transaction, row: Row, desire: Desire, wanted: Sequence[str]) -> Row | None:
    """Write what an environment is about to have into its row, so that a deletion finds it; None: it is ending."""
    table = compute_environments
    this = select(table).where(table.c.id == row.id)
    current = tx.first(this)
    if current is None or current.ending or current.status not in ("VALID", "UPDATING"):
        return None
    made = capacity.with_groups(current, wanted) or current.made
    values = {"desired_vcpus": desire.desired_vcpus, "made": made}
    tx.run(update(table).where(table.c.id == row.id).values(**values))
    return tx.first(this)
