"""The services that policies can name, as `scripts/generate_service_names.py` wrote them."""

import functools
from collections.abc import Mapping
from pathlib import Path

import orjson

_TABLE = Path(__file__).with_name("service_names.json")


@functools.cache
def names() -> Mapping[str, str]:
    """Each service's namespace and name (`batch`: AWS Batch), sorted by namespace."""
    services: dict[str, str] = orjson.loads(_TABLE.read_bytes())["services"]
    return services
