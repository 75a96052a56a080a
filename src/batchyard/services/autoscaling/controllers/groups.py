"""Keeps each group's instances at its desired capacity, as the group's service-linked role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.errors import ApiError, SessionEnded
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.services.autoscaling import activity_rows
from batchyard.services.autoscaling.controllers import ends, launches, sizing
from batchyard.services.autoscaling.group_rows import (
    delete_group,
    instances_of,
    update_group,
    update_instance,
)
from batchyard.services.autoscaling.launch_sources import resolve_subnets, resolve_template
from batchyard.services.autoscaling.resources import auto_scaling_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

SHORTEST_RETRY_SECONDS = 0.2


@autoscaling.controller
class Groups(Controller):
    """Key: a group's name. Decides in one write, then calls EC2, then writes what came of it."""

    name = "autoscaling.groups"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        key = keys[0]
        with self.read() as tx:
            group = auto_scaling_group.find_named(tx, place(key), key.name)
        if group is None:
            return None
        aws = acting_as(group.role_arn)
        # One moment for all steps: a wait that ended between two of them would have been over for nobody.
        now = self.now
        refused = self._look_up(key, group, aws)
        self.write(lambda tx: sizing.decide(tx, key, now))
        refused = self._launch(key, aws) or refused
        refused = self._end(key, aws) or refused
        self.write(lambda tx: self._close(tx, key, now))
        return self._when_again(key, refused, now)

    def _look_up(self, key: Key, group: Row, aws: Clients) -> ApiError | None:
        """Learn what the group's creator was not allowed to look up: its subnets and its template's names."""
        if group.status or (group.subnets and len(group.launch_template) == 3):
            return None
        try:
            subnets = group.subnets or resolve_subnets(aws, group.subnet_ids, group.zones)
            template = resolve_template(aws, group.launch_template)
        except SessionEnded:
            raise
        except ApiError as error:
            self._write_lookup_refused(key, error)
            return error

        def write(tx: Transaction) -> None:
            update_group(tx, place(key), group.name, subnets=subnets, launch_template=template)

        self.write(write)
        return None

    def _write_lookup_refused(self, key: Key, error: ApiError) -> None:
        """A group that cannot launch says why, by one failed activity for each attempt."""

        def write(tx: Transaction) -> None:
            group = auto_scaling_group.find_named(tx, place(key), key.name)
            if group is not None and group.desired:
                launches.begin_refused(tx, key, group, error, self.now)

        self.write(write)

    def _launch(self, key: Key, aws: Clients) -> ApiError | None:
        """Run the waves that EC2 has not answered, those left by a server that died too."""
        with self.read() as tx:
            waves = launches.waves(activity_rows.unfinished(tx, place(key), key.name))
        refused: ApiError | None = None
        for wave in waves:
            try:
                launched = launches.run(aws, wave)
            except SessionEnded:
                raise
            except ApiError as error:
                refused = error
                self._write_refusal(key, wave, error)
            else:
                self._write_launched(key, wave, launched)
        return refused

    def _write_refusal(self, key: Key, wave: Sequence[Row], error: ApiError) -> None:
        self.write(lambda tx: launches.refuse(tx, wave, error, self.now))

    def _write_launched(self, key: Key, wave: Sequence[Row], launched: Sequence[Any]) -> None:
        def write(tx: Transaction) -> None:
            launches.record(tx, key, wave, launched, self.now)
            for instance in launched:
                self._watch(tx, key, instance["InstanceId"])
            group = auto_scaling_group.find_named(tx, place(key), key.name)
            if group is not None and group.status:
                self.intend(tx, key)
            elif group is not None:
                update_group(tx, place(key), key.name, failures=0, retry_at=None)

        self.write(write)

    def _end(self, key: Key, aws: Clients) -> ApiError | None:
        """Ask EC2 to end what leaves; a refusal stands in the activities, and the asking is repeated."""
        with self.read() as tx:
            leaving = ends.to_ask(instances_of(tx, place(key), key.name))
        for start in range(0, len(leaving), ends.ASKED_AT_ONCE):
            chunk = leaving[start : start + ends.ASKED_AT_ONCE]
            try:
                ends.ask(aws, chunk)
            except SessionEnded:
                raise
            except ApiError as error:
                self._write_end_refused(chunk, error)
                return error
            self._write_asked(key, chunk)
        return None

    def _write_end_refused(self, instances: Sequence[Row], error: ApiError) -> None:
        def write(tx: Transaction) -> None:
            for one in instances:
                activity_rows.change(tx, one.activity_id, status_message=error.message)

        self.write(write)

    def _write_asked(self, key: Key, instances: Sequence[Row]) -> None:
        def write(tx: Transaction) -> None:
            for one in instances:
                update_instance(tx, place(key), one.instance_id, asked_to_end_at=self.now)
                activity_rows.change(tx, one.activity_id, progress=50, status_message=None)
                self._watch(tx, key, one.instance_id)

        self.write(write)

    def _watch(self, tx: Transaction, key: Key, instance_id: str) -> None:
        """Look at an instance now: EC2 may have announced its state before the group knew it."""
        watching = Key("autoscaling.instances", key.account, key.partition, key.region, instance_id)
        self.intend(tx, watching)

    def _close(self, tx: Transaction, key: Key, now: datetime) -> None:
        """The row of a deleted group goes once nothing of it is left, and not before the pace."""
        group = auto_scaling_group.find_named(tx, place(key), key.name)
        if group is None or not group.status or sizing.is_waiting(group, now):
            return
        busy = activity_rows.unfinished(tx, place(key), key.name) or instances_of(tx, place(key), key.name)
        if not busy:
            delete_group(tx, place(key), key.name)
            activity_rows.mark_deleted(tx, place(key), key.name)
            self.announce(tx, "autoscaling.group", key, key.name)

    def _when_again(self, key: Key, refused: ApiError | None, now: datetime) -> Again | None:
        """After a refusal with a growing delay; else when the group's own waiting, as of `now`, is over."""
        if refused is None:
            with self.read() as tx:
                group = auto_scaling_group.find_named(tx, place(key), key.name)
            if group is None or not sizing.is_waiting(group, now):
                return None
            return Again((group.retry_at - now).total_seconds())
        return Again(self.write(lambda tx: self._postpone(tx, key)))

    def _postpone(self, tx: Transaction, key: Key) -> float:
        group = auto_scaling_group.find_named(tx, place(key), key.name)
        if group is None:
            return 0.0
        shortest = max(SHORTEST_RETRY_SECONDS, self.runtime.settings.pace)
        delay = float(min(sizing.LONGEST_RETRY_SECONDS, shortest * 2 ** min(group.failures, 12)))
        until = self.now + timedelta(seconds=delay)
        update_group(tx, place(key), key.name, failures=group.failures + 1, retry_at=until)
        return delay
