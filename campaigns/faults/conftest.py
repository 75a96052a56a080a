"""The one process that the servers of these tests are forked from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.stage import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """It has everything loaded; one server of it at a time."""
    one = Nursery()
    yield one
    one.close()
