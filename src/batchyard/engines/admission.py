"""Which attempts start next on a host: for engines without a queue of their own.

An attempt starts when the host has a slot, vCPUs, memory and GPUs left for it. Accounts take turns: next is the oldest
attempt of the account that has the least of the host now (the largest of its four parts counts). One that does not
fit is passed by others that do, for PATIENCE_SECONDS; from then on nothing passes it, so that it comes to its turn.
One that asks for more than the host has counts as all of it: it runs alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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
        self._held: dict[str, tuple[str, Amounts]] = {}
        self._used = _NOTHING
        self._by_account: dict[str, Amounts] = {}
        self._waiting: dict[str, dict[str, TaskSpec]] = {}
        """By account, in the order in which they came."""
        self._account_of: dict[str, str] = {}
        self._number: dict[str, int] = {}
        self._came = 0
        self._passed_since: dict[str, float] = {}

    def take(self, specs: Sequence[TaskSpec]) -> list[TaskSpec]:
        """Those that may start now, of these or of those before; the rest waits. One that waits or runs already
        changes nothing."""
        with self._lock:
            for spec in specs:
                if spec.attempt not in self._held and spec.attempt not in self._account_of:
                    self._waiting.setdefault(spec.account, {})[spec.attempt] = spec
                    self._account_of[spec.attempt] = spec.account
                    self._number[spec.attempt] = self._came
                    self._came += 1
            return self._next()

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
            return [one for one in attempts if self._forget(one) is not None]

    def drop_account(self, account: str) -> list[str]:
        """Let nothing of an account wait any longer; what did."""
        with self._lock:
            names = list(self._waiting.get(account, ()))
            for name in names:
                self._forget(name)
            return names

    def waiting(self, attempts: Iterable[str]) -> set[str]:
        """Those of the attempts that wait."""
        with self._lock:
            return {one for one in attempts if one in self._account_of}

    def _next(self) -> list[TaskSpec]:
        started = []
        while (name := self._choose()) is not None:
            spec = self._forget(name)
            if spec is None:
                break
            self._grant(
                Held(
                    attempt=name,
                    account=spec.account,
                    vcpus=spec.vcpus,
                    memory_mib=spec.memory_mib,
                    gpus=spec.gpus,
                )
            )
            started.append(spec)
        return started

    def _choose(self) -> str | None:
        """The attempt whose turn it is, and that fits."""
        if self._used.slots >= self._whole.slots:
            return None
        for account in sorted(self._waiting, key=self._turn):
            name, spec = next(iter(self._waiting[account].items()))
            if self._fits(self._amounts(spec)):
                return name
            since = self._passed_since.setdefault(name, self._now())
            if self._now() - since >= PATIENCE_SECONDS:
                return None
        return None

    def _turn(self, account: str) -> tuple[float, int]:
        """Accounts with less of the host first, then those whose oldest attempt came first."""
        has = self._by_account.get(account, _NOTHING)
        largest = max(part / whole for part, whole in zip(has, self._whole, strict=True) if whole)
        return (largest, self._number[next(iter(self._waiting[account]))])

    def _fits(self, amounts: Amounts) -> bool:
        parts = zip(self._used, amounts, self._whole, strict=True)
        return all(used + more <= whole for used, more, whole in parts)

    def _amounts(self, asked: TaskSpec | Held) -> Amounts:
        """What it takes; at most all that there is."""
        wanted = Amounts(1, int(asked.vcpus * _CPU_UNITS), asked.memory_mib, asked.gpus)
        return Amounts(*map(min, wanted, self._whole))

    def _grant(self, one: Held) -> None:
        amounts = self._amounts(one)
        self._held[one.attempt] = (one.account, amounts)
        self._used = _sum(self._used, amounts)
        self._by_account[one.account] = _sum(self._by_account.get(one.account, _NOTHING), amounts)

    def _release(self, attempt: str) -> None:
        if attempt not in self._held:
            return
        account, amounts = self._held.pop(attempt)
        self._used = _sum(self._used, amounts, sign=-1)
        left = _sum(self._by_account.pop(account), amounts, sign=-1)
        if left != _NOTHING:
            self._by_account[account] = left

    def _forget(self, attempt: str) -> TaskSpec | None:
        account = self._account_of.pop(attempt, None)
        if account is None:
            return None
        line = self._waiting[account]
        spec = line.pop(attempt)
        if not line:
            del self._waiting[account]
        self._number.pop(attempt)
        self._passed_since.pop(attempt, None)
        return spec


def _sum(one: Amounts, other: Amounts, *, sign: int = 1) -> Amounts:
    return Amounts(*(each + sign * more for each, more in zip(one, other, strict=True)))
