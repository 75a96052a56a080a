"""targetNodes: which nodes of a multi-node parallel job a range means. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_TARGET = re.compile(r"([0-9]{0,9})(:?)([0-9]{0,9})")


class NodeRange(NamedTuple):
    """Nodes by their indexes, both ends included; without a last one up to the highest that there is."""

    first: int
    last: int | None

    def end(self, count: int) -> int:
        """The index behind its last node, of a job with so many."""
        return count if self.last is None else min(self.last + 1, count)

    def __str__(self) -> str:
        return f"{self.first}:{'' if self.last is None else self.last}"


def node_range(text: str) -> NodeRange | None:
    """`0:3`, `:3`, `2:`, `:` or `4`; None for any other text, and for a range that ends before it begins."""
    found = _TARGET.fullmatch(text)
    if found is None or not text:
        return None
    first, colon, last = found.groups()
    if not colon:
        return NodeRange(int(first), int(first))
    made = NodeRange(int(first or 0), int(last) if last else None)
    return made if made.last is None or made.first <= made.last else None


def owners(ranges: Sequence[NodeRange], count: int) -> list[int | None]:
    """For each of so many nodes the range whose properties it has, by its place; None for a node that no range covers.

    Of nested ranges the inner has it [doc: BOTO NodeRangeProperty.targetNodes], of equal ranges the later [guess].
    """
    owner: list[int | None] = [None] * count
    widest_first = sorted(
        range(len(ranges)), key=lambda place: ranges[place].first - ranges[place].end(count)
    )
    for place in widest_first:
        one = ranges[place]
        for index in range(one.first, one.end(count)):
            owner[index] = place
    return owner
