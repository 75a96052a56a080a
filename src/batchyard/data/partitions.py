"""AWS's partitions and Regions, from botocore's own list."""

import functools
from pathlib import Path

import botocore
import orjson


@functools.cache
def _partition_by_region() -> dict[str, str]:
    path = Path(botocore.__file__).parent / "data" / "partitions.json"
    partitions = orjson.loads(path.read_bytes())["partitions"]
    return {
        region: partition["id"]
        for partition in partitions
        for region in partition["regions"]
        if not region.startswith("aws-")
    }


def partition_of(region: str) -> str | None:
    """`aws`, `aws-cn`, `aws-us-gov`, …; None for a Region that botocore does not know."""
    return _partition_by_region().get(region)


def regions_of(partition: str) -> list[str]:
    """Every Region of a partition, sorted."""
    return sorted(region for region, owner in _partition_by_region().items() if owner == partition)


GLOBAL_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where the global services of a partition (IAM, STS) live and leave their events."""


def global_region(partition: str) -> str:
    """The Region of a partition's global services."""
    return GLOBAL_REGION.get(partition) or regions_of(partition)[0]
