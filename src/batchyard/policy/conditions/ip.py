"""IP address operators: an address within ranges in CIDR form, version 4 and 6."""

from __future__ import annotations

import functools
import ipaddress

from batchyard.policy.conditions.operator import Operator, Test
from batchyard.policy.wildcard import Context, Template

Range = tuple[int, int, int]
"""Version, first address, last address."""


@functools.lru_cache(maxsize=4096)
def to_range(text: str) -> Range | None:
    """The addresses that `203.0.113.0/24` covers, or None; without a prefix length it is one address.

    Bits set behind the prefix are ignored [guess].
    """
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)


def _compile(values: tuple[Template, ...]) -> Test:
    ranges = [found for value in values if (found := to_range(value.source)) is not None]

    def test(given: str, context: Context) -> bool:
        found = to_range(given)
        if found is None:
            return False
        version, first, last = found
        return any(version == v and low <= first and last <= high for v, low, high in ranges)

    return test


def _is_range(text: str) -> bool:
    return to_range(text) is not None


OPERATORS = (
    Operator("IpAddress", _compile, is_value=_is_range),
    Operator("NotIpAddress", _compile, negated=True, is_value=_is_range),
)
