"""Where a resource lives: account, partition and Region, which every lookup begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

Place = Mapping[str, str]


class Placed(Protocol):
    """What says where it is: a call, a controller's key, a row."""

    @property
    def account(self) -> str: ...
    @property
    def partition(self) -> str: ...
    @property
    def region(self) -> str: ...


def place(of: Placed) -> dict[str, str]:
    """Its account, partition and Region, by the names of their columns."""
    return {"account": of.account, "partition": of.partition, "region": of.region}
