"""For tests of the process engine alone: its supervisor, its users, its queue, and paths that its jobs share with it.

A module imports the fixture, which then stands before the one of all kinds.
"""

from __future__ import annotations

from typing import Any

import pytest

from engines.conftest import VARIANTS, params


@pytest.fixture(name="variant", params=params(without=("docker",)))
def of_process(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How this round's engine is made."""
    return VARIANTS[request.param]
