"""The driver: never two of one key, groupings together, failures with a growing delay, intents not lost."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchyard.audit.event import Event
from batchyard.audit.numbering import Numbering
from batchyard.audit.trail import Trail
from batchyard.clock import AdvancedClock
from batchyard.driving.driver import Driver
from batchyard.framework import work
from batchyard.framework.context import schedule
from batchyard.framework.controller import Again, Controller
from batchyard.framework.sole_server import SoleServer
from batchyard.framework.work import Key
from batchyard.identity.epochs import Epochs
from batchyard.identity.session import Session
from batchyard.store.store import Store, open_store
from batchyard.store.transaction import Transaction
from conftest import wait_for


class Yard:
    """A driver over one controller that does what a test says."""

    def __init__(
        self,
        store: Store,
        act: Callable[[Sequence[Key]], Any],
        *,
        batch_size: int = 1,
        clock: AdvancedClock | None = None,
    ) -> None:
        sole = SoleServer()
        with store.read() as tx:
            epochs = Epochs(tx, sole.epochs)
        self.clock: Any = clock or AdvancedClock()
        self.runtime: Any = SimpleNamespace(
            store=store, clock=self.clock, epochs=epochs, sole=sole, wake=lambda rows: None
        )

        class Acting(Controller):
            name = "yard.acting"

            def reconcile(self, keys: Sequence[Key], acting_as: Any) -> Any:
                return act(keys)

        Acting.batch_size = batch_size
        self.driver = Driver(self.runtime, [Acting(self.runtime)], lambda key: lambda role: None, threads=4)  # type: ignore[arg-type,return-value]
        self.runtime.wake = self.driver.wake
        self.store = store

    def intend(self, name: str, *, grouping: str = "", delay: float = 0) -> None:
        key = self.key(name, grouping)
        self.store.write(lambda tx: schedule(self.runtime, tx, key, delay_seconds=delay))

    def key(self, name: str, grouping: str = "") -> Key:
        return Key("yard.acting", "1", "aws", "us-east-1", name, grouping)

    def left(self) -> int:
        with self.store.read() as tx:
            return len(list(work.every(tx)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path, durable=False)
    yield made
    made.close()


@pytest.fixture
def yard(store: Store) -> Iterator[Callable[..., Yard]]:
    made: list[Yard] = []

    def make(act: Callable[[Sequence[Key]], Any], **options: Any) -> Yard:
        made.append(Yard(store, act, **options))
        made[-1].driver.start()
        return made[-1]

    yield make
    for one in made:
        one.driver.stop()


def test_never_two_of_one_key_and_no_intent_is_lost(yard: Callable[..., Yard]) -> None:
    seen: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    together: list[str] = []
    lock = threading.Lock()
    asked: Counter[str] = Counter()

    def act(keys: Sequence[Key]) -> None:
        name = keys[0].name
        with lock:
            inside[name] += 1
            if inside[name] > 1:
                together.append(name)
            seen[name] = asked[name]
        with lock:
            inside[name] -= 1

    one = yard(act)
    for number in range(200):
        name = f"key-{number % 5}"
        with lock:
            asked[name] += 1
        one.intend(name)
    wait_for(lambda: one.left() == 0)
    assert together == []
    assert seen == asked


def test_work_waits_for_its_moment_by_the_injected_clock(yard: Callable[..., Yard]) -> None:
    done: list[str] = []
    one = yard(lambda keys: done.append(keys[0].name))
    one.intend("later", delay=3600)
    one.intend("now")
    wait_for(lambda: one.left() == 1)
    assert done == ["now"]
    one.clock.advance(3601)
    wait_for(lambda: done == ["now", "later"])


def test_keys_of_one_grouping_come_together(yard: Callable[..., Yard]) -> None:
    gate = threading.Event()
    sizes: list[int] = []

    def act(keys: Sequence[Key]) -> None:
        gate.wait(10)
        sizes.append(len(keys))

    one = yard(act, batch_size=100)
    for number in range(4):
        one.intend(f"plug-{number}")
    wait_for(lambda: one.driver._due.in_flight == 4)
    for number in range(50):
        one.intend(f"task-{number}", grouping="cluster")
    gate.set()
    wait_for(lambda: one.left() == 0)
    assert sorted(sizes) == [1, 1, 1, 1, 50]


def test_a_failure_is_tried_again_and_delays_nobody(yard: Callable[..., Yard], caplog: Any) -> None:
    done: list[str] = []
    broken = {"poisoned"}

    def act(keys: Sequence[Key]) -> None:
        if keys[0].name in broken:
            raise RuntimeError("poisoned")
        done.append(keys[0].name)

    one = yard(act)
    one.intend("poisoned")
    wait_for(lambda: one.driver.exceptions["yard.acting"] >= 1)
    one.intend("sound")
    wait_for(lambda: done == ["sound"])
    broken.clear()
    wait_for(lambda: one.left() == 0)
    assert done == ["sound", "poisoned"]


def test_again_comes_back(yard: Callable[..., Yard]) -> None:
    rounds: list[int] = []

    def act(keys: Sequence[Key]) -> Again | None:
        rounds.append(1)
        return Again(0.01) if len(rounds) < 5 else None

    one = yard(act)
    one.intend("key")
    wait_for(lambda: one.left() == 0)
    assert len(rounds) == 5


def test_a_delay_asked_for_while_the_clock_was_brought_forward_counts_from_before(
    yard: Callable[..., Yard],
) -> None:
    looked: list[int] = []

    def act(keys: Sequence[Key]) -> Any:
        looked.append(1)
        if len(looked) == 1:
            one.clock.advance(7200)
            return Again(3600)
        return None

    one = yard(act)
    one.intend("a")
    wait_for(lambda: len(looked) == 2)


def test_an_older_epochs_work_is_dropped(store: Store) -> None:
    done: list[str] = []
    one = Yard(store, lambda keys: done.append(keys[0].name))
    one.intend("old")
    store.write(lambda tx: one.runtime.epochs.end(tx, "1"))
    one.intend("new")
    one.driver.start()
    wait_for(lambda: one.left() == 0)
    one.driver.stop()
    assert done == ["new"]


def test_what_comes_due_while_its_grouping_is_worked_on_is_taken_together(yard: Callable[..., Yard]) -> None:
    """The busier a grouping is, the more of its keys are taken at once; another grouping is not held up."""
    begun, go_on, other = threading.Event(), threading.Event(), threading.Event()
    batches: list[list[str]] = []

    def act(keys: Sequence[Key]) -> None:
        if keys[0].grouping == "apart":
            other.set()
            return
        batches.append(sorted(key.name for key in keys))
        begun.set()
        assert go_on.wait(10)

    one = yard(act, batch_size=100)
    one.intend("first", grouping="cluster")
    assert begun.wait(10)
    for number in range(20):
        one.intend(f"key-{number:02}", grouping="cluster")
    one.intend("alone", grouping="apart")
    assert other.wait(10)
    go_on.set()
    wait_for(lambda: one.left() == 0)
    assert batches == [["first"], [f"key-{number:02}" for number in range(20)]]


class TurnedBack(AdvancedClock):
    """A machine's clock that somebody sets: nobody is told."""

    seconds = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.seconds)

    def turn_back(self, seconds: float) -> None:
        """Set it back, and have whoever waits for the time look at it, as any wake-up does."""
        self.seconds -= seconds
        self.advance(0)


def test_a_clock_that_is_turned_back_makes_nothing_wait_longer(store: Store) -> None:
    done: list[str] = []
    one = Yard(store, lambda keys: done.append(keys[0].name), clock=TurnedBack())
    one.driver.start()
    one.intend("soon", delay=0.3)
    one.intend("late", delay=500)
    one.clock.seconds = -600
    wait_for(lambda: done == ["soon"] and one.left() == 1, seconds=5)

    def waits() -> float:
        with store.read() as tx:
            (late,) = work.every(tx)
        return (late.not_before - one.clock.now()).total_seconds()

    # The store's moment is brought forward, too, for the next start.
    wait_for(lambda: abs(waits() - 500) < 10, seconds=5)
    one.driver.stop()
    assert done == ["soon"]


def test_a_clock_that_is_set_forward_makes_nothing_wait_shorter(store: Store) -> None:
    """Nobody's doing, as with a machine that slept: what is counted here is time that passed."""
    done: list[str] = []
    one = Yard(store, lambda keys: done.append(keys[0].name), clock=TurnedBack())
    one.driver.start()
    one.intend("late", delay=500)
    one.clock.seconds = 600
    one.intend("now")
    wait_for(lambda: done == ["now"], seconds=5)
    assert done == ["now"]
    one.clock.advance(500)
    wait_for(lambda: done == ["now", "late"], seconds=5)
    one.driver.stop()


def test_what_was_to_happen_by_the_clock_of_another_start_is_not_late(store: Store) -> None:
    """The newest event is later than now: the clock was turned back while no server ran."""
    done: list[str] = []
    one = Yard(store, lambda keys: done.append(keys[0].name), clock=TurnedBack())
    one.intend("soon", delay=0.3)
    store.write(lambda tx: Trail(Numbering()).write(tx, [event_at(one.clock.now())]))
    one.clock.seconds = -600
    restarted = Yard(store, lambda keys: done.append(keys[0].name), clock=one.clock)
    restarted.driver.start()
    wait_for(lambda: done == ["soon"], seconds=5)
    restarted.driver.stop()


def test_what_is_written_while_the_clock_is_turned_back_is_not_late(store: Store, caplog: Any) -> None:
    """Its moment was read of the old clock, and the driver hears of it after it saw the new one."""
    done: list[str] = []
    one = Yard(store, lambda keys: done.append(keys[0].name), clock=TurnedBack())
    one.driver.start()

    def write(tx: Transaction) -> None:
        schedule(one.runtime, tx, one.key("soon"), delay_seconds=0.3)
        one.clock.turn_back(600)
        wait_for(lambda: "turned back" in caplog.text)

    store.write(write)
    wait_for(lambda: done == ["soon"], seconds=5)
    one.driver.stop()


def test_work_that_ends_while_the_clock_is_turned_back_is_not_late(store: Store, monkeypatch: Any) -> None:
    rounds: list[int] = []
    brought_forward = threading.Event()

    def act(keys: Sequence[Key]) -> Again | None:
        rounds.append(1)
        return Again(0.3) if len(rounds) == 1 else None

    one = Yard(store, act, clock=TurnedBack())
    write = store.write

    def slow(function: Any) -> Any:
        if "_conclude" in function.__qualname__ and len(rounds) == 1:
            one.clock.turn_back(600)
            assert brought_forward.wait(10)
        written = write(function)
        if "_keep_brought_forward" in function.__qualname__:
            brought_forward.set()
        return written

    monkeypatch.setattr(store, "write", slow)
    one.driver.start()
    one.intend("key")
    wait_for(lambda: len(rounds) == 2, seconds=5)
    one.driver.stop()


def test_a_server_that_died_as_the_clock_was_turned_back_is_not_late(store: Store) -> None:
    """Nobody brought its work forward, and it wrote an event by the new clock."""
    done: list[str] = []
    one = Yard(store, lambda keys: done.append(keys[0].name), clock=TurnedBack())
    one.intend("soon", delay=0.3)
    store.write(lambda tx: Trail(Numbering()).write(tx, [event_at(one.clock.now())]))
    one.clock.turn_back(600)
    store.write(lambda tx: Trail(Numbering()).write(tx, [event_at(one.clock.now())]))
    restarted = Yard(store, lambda keys: done.append(keys[0].name), clock=one.clock)
    restarted.driver.start()
    wait_for(lambda: done == ["soon"], seconds=5)
    restarted.driver.stop()


def event_at(moment: datetime) -> Event:
    root = Session("root", "aws", "1", "arn:aws:iam::1:root", "1", name="root")
    return Event(
        caller=root,
        event_id="one",
        event_time=moment,
        region="us-east-1",
        source="batch.amazonaws.com",
        name="SubmitJob",
        read_only=False,
        request_id="one",
        source_ip="127.0.0.1",
        user_agent="",
        request={},
    )


def test_work_whose_end_cannot_be_written_is_done_again(store: Store, monkeypatch: Any) -> None:
    """A full disk: nothing can be written for a while, and nobody asks for the key again."""
    rounds: list[int] = []
    one = Yard(store, lambda keys: rounds.append(1))
    one.intend("key")
    write, refused = store.write, iter([True, True])

    def full(function: Any) -> Any:
        if next(refused, False):
            raise sqlite3.OperationalError("database or disk is full")
        return write(function)

    monkeypatch.setattr(store, "write", full)
    one.driver.start()
    wait_for(lambda: one.left() == 0)
    one.driver.stop()
    assert len(rounds) == 3
