"""Hosts, origins and networks as texts. Pure, and in one canonical form, so that two of them can be compared."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_AUTHORITY = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:/?#@\s,]+))(?::[0-9]*)?")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_LOCAL_SUFFIXES = (".localhost", ".localhost.localstack.cloud")
_LOCAL_NAMES = ("localhost", "localhost.localstack.cloud")
"""Names that lead to loopback everywhere: RFC 6761 has the first; the second is a public record that tools for
local clouds (tflocal, cdklocal) use."""


def host_of(authority: str) -> str:
    """The host of `name:port` in lower case: `[::1]:4566` gives `::1`. "" for what is no such text."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return ""
    return (match["six"] or match["name"]).lower().removesuffix(".")


def address_of(host: str) -> Address | None:
    """The address that a host is written as, an IPv4 one also where it came mapped into IPv6; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Whether a host is `localhost` or an address of loopback."""
    address = address_of(host)
    return host == "localhost" if address is None else address.is_loopback


def is_local(host: str) -> bool:
    """Whether a host is loopback: by its address, or by a name that leads there whoever's page it is."""
    return is_loopback(host) or host in _LOCAL_NAMES or host.endswith(_LOCAL_SUFFIXES)


def host_of_url(url: str) -> str:
    """The host of a URL, or of a text that should have been a URL; "" where there is none."""
    try:
        return host_of(urlsplit(url if "//" in url else f"//{url}").netloc.rpartition("@")[2])
    except ValueError:
        return ""


def read_host(text: str) -> str:
    """A host's name or address, in canonical form; raises ValueError."""
    host = text.strip().lower().removesuffix(".")
    bare = host.removeprefix("[").removesuffix("]")
    if address_of(bare) is not None:
        return bare
    if not _NAME.fullmatch(host):
        raise ValueError(text)
    return host


def read_origin(text: str) -> str:
    """An origin as a browser sends it (`https://app.example.com:8443`), in canonical form; raises ValueError."""
    scheme, separator, authority = text.strip().lower().removesuffix("/").partition("://")
    if not separator or not _SCHEME.fullmatch(scheme) or not host_of(authority) or "*" in authority:
        raise ValueError(text)
    usual = {"http": ":80", "https": ":443"}.get(scheme)
    return f"{scheme}://{authority.removesuffix(usual) if usual else authority}"


def read_network(text: str) -> str:
    """An address, or a network in CIDR form, in canonical form; raises ValueError."""
    return str(ipaddress.ip_network(text.strip()))
