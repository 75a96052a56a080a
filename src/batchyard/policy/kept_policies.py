"""Policies as they were parsed, by their text: whoever asks first parses, and what that costs is told before."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from batchyard.policy import weight
from batchyard.policy.document import Kind, Policy, parse


class KeptPolicies:
    """The policies that were asked for last, as many as have `most` characters together.

    What a parsed policy takes in memory goes by its length: by their number alone, the largest would take the most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._characters = 0
        self._kept: OrderedDict[tuple[str, Kind], Policy] = OrderedDict()

    def parsed(self, document: str, kind: Kind, prepare: Callable[[float], None]) -> Policy:
        """The policy; `prepare` is told the microseconds that parsing it costs, and may raise instead of letting it.

        Raises MalformedPolicy as `parse` does.
        """
        place = (document, kind)
        policy = self._kept.pop(place, None)
        if policy is None:
            prepare(weight.parsing(document))
            policy = parse(document, kind=kind)
            self._characters += len(document)
            while self._kept and self._characters > self._most:
                oldest, _ = self._kept.popitem(last=False)
                self._characters -= len(oldest[0])
        # Put anew, it stands behind all that were asked for before: the first is the oldest.
        self._kept[place] = policy
        return policy
