"""AWS's managed policies, the newest version of each, as `scripts/generate_managed_policies.py` wrote them."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path

import orjson

from batchyard.data.partitions import regions_of

_INDEX = Path(__file__).with_name("managed_policies.json")
_BLOCKS = Path(__file__).with_name("managed_policies.blocks")


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """One of AWS's managed policies, as its accounts in one partition see it."""

    name: str
    path: str
    policy_id: str
    default_version_id: str
    created_at: datetime
    updated_at: datetime
    document: str
    """The default version's text: JSON without white space."""
    description: str | None = None
    """Not known for any of them: the source has none."""
    partition: str = "aws"

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:iam::aws:policy{self.path}{self.name}"


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """What a listing says of a managed policy: all but its document."""

    arn: str
    name: str
    path: str
    policy_id: str
    default_version_id: str
    created_at: datetime
    updated_at: datetime


@functools.lru_cache(maxsize=4)
def entries(partition: str) -> tuple[PolicyEntry, ...]:
    """All of AWS's policies as one partition lists them, sorted by name; no document is opened for it."""
    return tuple(
        PolicyEntry(
            arn=f"arn:{partition}:iam::aws:policy{path}{name}",
            name=name,
            path=path,
            policy_id=policy_id,
            default_version_id=version,
            created_at=datetime.fromisoformat(created),
            updated_at=datetime.fromisoformat(updated),
        )
        for name, (path, version, created, updated, policy_id) in _index().rows.items()
    )


def names() -> tuple[str, ...]:
    """The names of all, sorted (AWS's names are unique over all paths)."""
    return tuple(_index().rows)


@functools.lru_cache(maxsize=512)
def find(name_or_arn: str) -> ManagedPolicy | None:
    """The policy of this name, in the partition `aws`, or of this ARN, in the ARN's; None where AWS has none.

    In another partition, documents name its ARNs: `arn:aws:…` reads `arn:aws-cn:…` in China.
    """
    partition = "aws"
    name = name_or_arn
    if name_or_arn.startswith("arn:"):
        partition = name_or_arn.split(":", 2)[1]
        name = name_or_arn.rpartition("/")[2]
    found = _load(name, partition)
    asked_by_arn = name is not name_or_arn
    if found is None or (asked_by_arn and (found.arn != name_or_arn or not regions_of(partition))):
        return None
    return found


@dataclass(frozen=True, slots=True)
class _Index:
    rows: dict[str, list[str]]
    """name → path, default version, created, updated, id."""
    positions: dict[str, int]
    block_size: int
    block_ends: list[int]


@functools.cache
def _index() -> _Index:
    content = orjson.loads(_INDEX.read_bytes())
    rows, about = content["policies"], content["about"]
    positions = {name: position for position, name in enumerate(rows)}
    return _Index(rows, positions, about["block_size"], list(accumulate(about["block_bytes"])))


def _load(name: str, partition: str) -> ManagedPolicy | None:
    index = _index()
    row = index.rows.get(name)
    if row is None:
        return None
    path, version, created, updated, policy_id = row
    block, line = divmod(index.positions[name], index.block_size)
    document = _documents(block)[line]
    if partition != "aws":
        document = document.replace("arn:aws:", f"arn:{partition}:")
    return ManagedPolicy(
        name=name,
        path=path,
        policy_id=policy_id,
        default_version_id=version,
        created_at=datetime.fromisoformat(created),
        updated_at=datetime.fromisoformat(updated),
        document=document,
        partition=partition,
    )


@functools.lru_cache(maxsize=4)
def _documents(block: int) -> list[str]:
    """The documents of one block, in the order of the index; a listing by name opens each block once."""
    ends = _index().block_ends
    start = ends[block - 1] if block else 0
    with _BLOCKS.open("rb") as file:
        file.seek(start)
        return zlib.decompress(file.read(ends[block] - start)).decode().split("\n")
