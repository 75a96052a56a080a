"""What the tests of EC2 share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ec2(aws: Callable[..., Any]) -> Any:
    """EC2 as root of this test's account."""
    return aws("ec2")
