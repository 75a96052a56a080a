"""Which attempts start next on a host: for engines without a queue of their own.

An attempt starts when the host has a slot, vCPUs, memory and GPUs left for it. Accounts take turns: next is the oldest
attempt of the account that has the least of the host now (the largest of its four parts counts). What does not
fit is passed by others that do, for PATIENCE_SECONDS; from then on nothing passes it, so that it comes to its turn.
What asks for more than the host has counts as all of it: it runs alone. The members of a gang are one thing: it
waits for no turn before all of them have come, and then for room for all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from batchyard.clock import monotonic
from batchyard.engines.contract import Capacity, TaskSpec

PATIENCE_SECONDS = 60.0
_CPU_UNITS = 1024


class Amounts(NamedTuple):
    """What is taken of the host, in whole numbers, so that a million additions leave no rest."""

    slots: int = 0
    cpu_units: int = 0
    """1024 for a vCPU."""
    memory_mib: int = 0
    gpus: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An attempt that runs, and what it takes."""

    attempt: str
    account: str
    vcpus: float = 0
    memory_mib: int = 0
    gpus: int = 0
    gang: str | None = None
    """The name of the gang that it is a member of."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """What starts together: one attempt, or a gang."""

    account: str
    name: str
    size: int
    specs: dict[str, TaskSpec] = field(default_factory=dict)
    """By attempt."""

    @property
    def is_whole(self) -> bool:
        return len(self.specs) >= self.size


_NOTHING = Amounts()


class Admission:
    """Decides what starts now; knows nothing of how. In memory alone: what waits is told again after a restart."""

    def __init__(self, capacity: Capacity, *, now: Callable[[], float] = monotonic) -> None:
        """`now`: seconds of a clock that only goes forward."""
        self._whole = Amounts(
            capacity.slots, int(capacity.vcpus * _CPU_UNITS), capacity.memory_mib, capacity.gpus
        )
        self._now = now
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Held, Amounts]] = {}
        self._used = _NOTHING
        self._by_account: dict[str, Amounts] = {}
        self._begun: Counter[tuple[str, str]] = Counter()
        """How many members of a gang run, by account and name."""
        self._waiting: dict[str, dict[str, _Unit]] = {}
        """Whole units by account and name, in the order in which they came."""
        self._gathering: dict[tuple[str, str], _Unit] = {}
        """Gangs of which members are still to come."""
        self._unit_of: dict[str, _Unit] = {}
        """By attempt."""
        self._number: dict[tuple[str, str], int] = {}
        self._came = 0
        self._passed_since: dict[tuple[str, str], float] = {}

    def take(self, specs: Sequence[TaskSpec]) -> list[TaskSpec]:
        """Those that may start now, of these or of those before; the rest waits. What waits or runs already
        changes nothing."""
        with self._lock:
            late: list[TaskSpec] = []
            for spec in specs:
                if spec.attempt in self._held or spec.attempt in self._unit_of:
                    continue
                if self._has_begun(spec):
                    self._grant(_held(spec))
                    late.append(spec)
                else:
                    self._enter(spec)
            return [*late, *self._next()]

    def give_back(self, attempts: Iterable[str]) -> list[TaskSpec]:
        """These do not run any more; the specs that start in their place."""
        with self._lock:
            for attempt in attempts:
                self._release(attempt)
            return self._next()

    def hold(self, running: Iterable[Held]) -> None:
        """These run already: an earlier server started them."""
        with self._lock:
            for one in running:
                if one.attempt not in self._held:
                    self._grant(one)

    def drop(self, attempts: Iterable[str]) -> list[str]:
        """Let these wait no longer; those that did."""
        with self._lock:
            return [one for one in attempts if self._forget(one)]

    def drop_account(self, account: str) -> list[str]:
        """Let nothing of an account wait any longer; what did."""
        with self._lock:
            names = [name for name, unit in self._unit_of.items() if unit.account == account]
            for name in names:
                self._forget(name)
            return names

    def waiting(self, attempts: Iterable[str]) -> set[str]:
        """Those of the attempts that wait."""
        with self._lock:
            return {one for one in attempts if one in self._unit_of}

    def _has_begun(self, spec: TaskSpec) -> bool:
        """Do others of its gang run? They were started together with it, by a server that told not all of them."""
        gang = _gang(spec)
        return gang is not None and self._begun[(spec.account, gang)] > 0

    def _enter(self, spec: TaskSpec) -> None:
        gang = _gang(spec)
        key = (spec.account, gang or spec.attempt)
        size = spec.group.size if gang is not None and spec.group is not None else 1
        unit = self._gathering.setdefault(key, _Unit(*key, size))
        unit.specs[spec.attempt] = spec
        self._unit_of[spec.attempt] = unit
        if unit.is_whole:
            del self._gathering[key]
            self._waiting.setdefault(spec.account, {})[unit.name] = unit
            self._number[key] = self._came
            self._came += 1

    def _next(self) -> list[TaskSpec]:
        started = []
        while (unit := self._choose()) is not None:
            for name, spec in list(unit.specs.items()):
                self._forget(name)
                self._grant(_held(spec))
                started.append(spec)
        return started

    def _choose(self) -> _Unit | None:
        """The unit whose turn it is, and that fits."""
        if self._used.slots >= self._whole.slots:
            return None
        for account in sorted(self._waiting, key=self._turn):
            unit = next(iter(self._waiting[account].values()))
            if self._fits(self._together(unit)):
                return unit
            since = self._passed_since.setdefault((account, unit.name), self._now())
            if self._now() - since >= PATIENCE_SECONDS:
                return None
        return None

    def _turn(self, account: str) -> tuple[float, int]:
        """Accounts with less of the host first, then those whose oldest attempt came first."""
        has = self._by_account.get(account, _NOTHING)
        largest = max(part / whole for part, whole in zip(has, self._whole, strict=True) if whole)
        return (largest, self._number[(account, next(iter(self._waiting[account])))])

    def _fits(self, amounts: Amounts) -> bool:
        parts = zip(self._used, amounts, self._whole, strict=True)
        return all(used + more <= whole for used, more, whole in parts)

    def _together(self, unit: _Unit) -> Amounts:
        """What all of it takes; at most all that there is."""
        amounts = _NOTHING
        for spec in unit.specs.values():
            amounts = _sum(amounts, self._amounts(spec))
        return Amounts(*map(min, amounts, self._whole))

    def _amounts(self, asked: TaskSpec | Held) -> Amounts:
        """What it takes; at most all that there is."""
        wanted = Amounts(1, int(asked.vcpus * _CPU_UNITS), asked.memory_mib, asked.gpus)
        return Amounts(*map(min, wanted, self._whole))

    def _grant(self, one: Held) -> None:
        amounts = self._amounts(one)
        self._held[one.attempt] = (one, amounts)
        if one.gang is not None:
            self._begun[(one.account, one.gang)] += 1
        self._used = _sum(self._used, amounts)
        self._by_account[one.account] = _sum(self._by_account.get(one.account, _NOTHING), amounts)

    def _release(self, attempt: str) -> None:
        if attempt not in self._held:
            return
        one, amounts = self._held.pop(attempt)
        self._used = _sum(self._used, amounts, sign=-1)
        left = _sum(self._by_account.pop(one.account), amounts, sign=-1)
        if left != _NOTHING:
            self._by_account[one.account] = left
        if one.gang is not None:
            gang = (one.account, one.gang)
            self._begun[gang] -= 1
            if not self._begun[gang]:
                del self._begun[gang]

    def _forget(self, attempt: str) -> bool:
        """Let it wait no longer; a gang that lacks it waits for members again. False where it did not wait."""
        unit = self._unit_of.pop(attempt, None)
        if unit is None:
            return False
        del unit.specs[attempt]
        key = (unit.account, unit.name)
        line = self._waiting.get(unit.account, {})
        if line.pop(unit.name, None) is not None:
            if not line:
                del self._waiting[unit.account]
            self._number.pop(key)
            self._passed_since.pop(key, None)
            self._gathering[key] = unit
        if not unit.specs:
            del self._gathering[key]
        return True


def _gang(spec: TaskSpec) -> str | None:
    return spec.group.name if spec.group is not None and spec.group.kind == "gang" else None


def _held(spec: TaskSpec) -> Held:
    return Held(
        attempt=spec.attempt,
        account=spec.account,
        vcpus=spec.vcpus,
        memory_mib=spec.memory_mib,
        gpus=spec.gpus,
        gang=_gang(spec),
    )


def _sum(one: Amounts, other: Amounts, *, sign: int = 1) -> Amounts:
    return Amounts(*(each + sign * more for each, more in zip(one, other, strict=True)))
