"""Who asked, by the hops that proxies tell: only what a trusted proxy says counts."""

from __future__ import annotations

import pytest

from batchyard.server.proxies import Proxies

TRUSTED = Proxies(("127.0.0.1/32", "10.0.0.0/8", "2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "hops", "source"),
    [
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7,203.0.113.9,10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("127.0.0.1", "203.0.113.9:41000", "203.0.113.9"),
        ("127.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("127.0.0.1", "2001:DB8:0::7", "2001:db8::7"),
        ("127.0.0.1", "203.0.113.9, unknown", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9, unknown, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::ffff:10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("2001:db8:1::1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
    ],
)
def test_the_last_hop_that_no_trusted_proxy_is(peer: str, hops: str | None, source: str) -> None:
    headers = {} if hops is None else {"x-forwarded-for": hops}
    assert TRUSTED.source(peer, headers) == source
    assert Proxies(()).source(peer, headers) == peer


@pytest.mark.parametrize(
    ("peer", "told", "secure"),
    [
        ("127.0.0.1", "https", True),
        ("127.0.0.1", "http", False),
        ("127.0.0.1", "https, http", False),
        ("127.0.0.1", None, False),
        ("192.0.2.1", "https", False),
    ],
)
def test_tls_is_what_the_nearest_proxy_says(peer: str, told: str | None, secure: bool) -> None:
    headers = {} if told is None else {"x-forwarded-proto": told}
    assert TRUSTED.is_secure(peer, headers) is secure
    assert Proxies(()).is_secure(peer, headers) is False
