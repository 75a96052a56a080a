"""Is this request from a stranger? What came over loopback may still be a web page's, or a proxy's. Pure.

Development credentials and the own routes that change something have no secret: that a request comes from this machine
is all that they ask for. So they ask here, whether its headers say otherwise. A page's script can set none of the
headers that are read here: the browser does (Fetch standard, forbidden request-headers; Fetch Metadata).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from batchyard.config import Settings
from batchyard.hosts import host_of, is_local
from batchyard.wire.http import HttpRequest

_OF_PROXIES = frozenset({"forwarded", "via", "x-real-ip"})
_OF_PROXIES_PREFIX = "x-forwarded-"
_LONGEST_SHOWN = 100


class Stranger(NamedTuple):
    """Why a request is a stranger's, and what its sender may do about it; both without a full stop."""

    why: str
    instead: str


class Strangers:
    """Tells the requests of this machine's own programs from all others."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(settings.allowed_origins)
        named = frozenset({*settings.allowed_hosts, settings.host.lower()})
        # The same few hosts with each request: read once.
        self._is_own = lru_cache(maxsize=256)(lambda authority: _is_own(host_of(authority), named))
        other = settings.other_public_host
        self._all = None if other is None else _behind(other)

    def refusal_of_credentials(self, http: HttpRequest) -> str | None:
        """Why development credentials sign nothing in this request, in sentences; None where they do."""
        stranger = self.look(http)
        if stranger is None:
            return None
        return (
            f"Development credentials are refused: {stranger.why}. {stranger.instead}, or sign with an access key of "
            "IAM (`batchyard init` makes the first)."
        )

    def refusal_of_route(self, http: HttpRequest) -> str | None:
        """Why an own route that changes something does nothing for this request, in sentences; None where it does."""
        stranger = self.look(http)
        return None if stranger is None else f"{http.path} is refused: {stranger.why}. {stranger.instead}."

    def look(self, http: HttpRequest) -> Stranger | None:
        """Why the sender is a stranger; None for a sender that nothing shows to be a stranger."""
        if self._all is not None:
            return self._all
        headers = http.headers
        # First, as it must not be told to name the proxy's host in `allowed_hosts`.
        if not _OF_PROXIES.isdisjoint(headers) or _OF_PROXIES_PREFIX in "\n".join(headers):
            return _through(_header_of_proxy(http))
        # Programs of today speak HTTP/1.1; nginx before 1.29.7 speaks 1.0 to what is behind it, and adds no header.
        if http.version == "1.0":
            return _through("HTTP/1.0")
        host = headers.get("host", "")
        origin = headers.get("origin")
        if not self._is_own(host):
            return _for_host(host)
        if origin is not None and origin not in self._origins and not _is_same(origin, host, http.secure):
            return _of_page(f"of {_shown(origin)}")
        site = headers.get("sec-fetch-site", "none")
        if site not in ("none", "same-origin") and origin not in self._origins:
            return _of_page(f"of another origin (Sec-Fetch-Site: {_shown(site)})")
        return None


def is_browsers(http: HttpRequest) -> bool:
    """Whether a browser sent it, for a page or for who sits before it. (Node's fetch adds `Sec-Fetch-Mode` alone.)"""
    return "origin" in http.headers or "sec-fetch-site" in http.headers


def _is_own(host: str, named: frozenset[str]) -> bool:
    return host in named or is_local(host)


def _is_same(origin: str, host: str, secure: bool) -> bool:
    """Whether a page's origin is this server itself, under the name by which it was asked: the console."""
    return origin.lower() == f"{'https' if secure else 'http'}://{host.lower()}"


def _of_page(whose: str) -> Stranger:
    return Stranger(
        f"this request comes from a web page {whose}", "Name its origin in the setting `allowed_origins`"
    )


def _for_host(host: str) -> Stranger:
    asked = f"the host {_shown(host)}" if host else "no host"
    return Stranger(
        f"this request is for {asked}, which is not known as a name of this machine",
        "If it is one, and not a proxy's, name it in the setting `allowed_hosts`",
    )


def _through(sign: str) -> Stranger:
    return Stranger(f"this request came through a proxy ({sign})", "Ask the server itself, not the proxy")


def _behind(host: str) -> Stranger:
    return Stranger(
        f"the setting `public_url` names another host ({_shown(host)}), so others may be let in",
        "Start the server without `public_url`",
    )


def _header_of_proxy(http: HttpRequest) -> str:
    return next(_shown(name) for name in http.headers if name in _OF_PROXIES or _OF_PROXIES_PREFIX in name)


def _shown(text: str) -> str:
    """A header's text within a sentence: what cannot be shown, and what is too long, is left out."""
    return "".join(one for one in text[:_LONGEST_SHOWN] if one.isascii() and one.isprintable())
