"""What the tests of several services share: a server whose managed policies may lack statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from services.lacking import Denied, Lacking

Deny = Callable[[str, int, str], Denied]


@pytest.fixture(scope="session")
def lacking() -> Iterator[Lacking]:
    """The server; a module whose tests take statements away has it as its `serving`."""
    one = Lacking()
    yield one
    one.serving.close()


@pytest.fixture
def without(lacking: Lacking, account: str) -> Iterator[Deny]:
    """`without("BatchServiceRolePolicy", 7, "ec2:…")`: takes statement 7 away and watches for the denial."""

    def take_away(policy: str, number: int, action: str) -> Denied:
        lacking.remove(policy, number)
        lacking.watch(account, action)
        return Denied(lacking, account)

    yield take_away
    lacking.mend()
