"""Each operation that has a request of its own says its type: a misspelt member is then mypy's to find."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from batchyard.services import load_services


def test_no_operation_takes_any_request() -> None:
    """One that is made for several nouns or operations has none of its own. `scripts/write_request_types.py` helps."""
    untyped = [
        f"{service.name}.{name}"
        for service in load_services().values()
        for name, entry in service.operations.items()
        if _own(entry.function, name) and _request_of(entry.function) == "Any"
    ]
    assert untyped == []


def _own(function: Any, name: str) -> bool:
    unwrapped = inspect.unwrap(function)
    return not isinstance(unwrapped, functools.partial) and unwrapped.__name__ == name


def _request_of(function: Any) -> Any:
    return inspect.unwrap(function).__annotations__["request"]
