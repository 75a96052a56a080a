"""Who asked, where proxies stand between: the last hop of X-Forwarded-For that no trusted proxy is. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from batchyard.hosts import address_of, host_of


class Proxies:
    """The proxies whose word is taken. A header's entries left of what they added are anybody's claim."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(one) for one in networks]

    def source(self, peer: str, headers: Mapping[str, str]) -> str:
        """The address of who asked: the peer's own, unless the peer is a proxy that is trusted to tell another's."""
        if not self._trusts(peer):
            return peer
        source = peer
        for hop in reversed(headers.get("x-forwarded-for", "").split(",")):
            address = address_of(host_of(hop.strip()) or hop.strip())
            if address is None:
                break
            source = str(address)
            if not self._trusts(source):
                break
        return source

    def is_secure(self, peer: str, headers: Mapping[str, str]) -> bool:
        """Whether a trusted proxy says that it was asked by TLS."""
        if not self._trusts(peer):
            return False
        return headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower() == "https"

    def _trusts(self, host: str) -> bool:
        if not self._networks:
            return False
        address = address_of(host)
        return address is not None and any(address in network for network in self._networks)
