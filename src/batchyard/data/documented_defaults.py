"""What AWS's documentation gives as defaults of parameters that are refused here.

`scripts/generate_documented_defaults.py` wrote them, from the text of botocore's models.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

_FILE = Path(__file__).with_name("documented_defaults.json")
_NONE: Mapping[str, Any] = {}


def documented_defaults(service: str, operation: str) -> Mapping[str, Any]:
    """Dotted path → default, of an operation's refused parameters and of what is inside them."""
    found: Mapping[str, Any] = _all().get(service, {}).get(operation, _NONE)
    return found


@functools.cache
def _all() -> Mapping[str, Any]:
    whole: Mapping[str, Any] = orjson.loads(_FILE.read_bytes())
    return whole
