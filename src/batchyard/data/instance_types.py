"""EC2's instance types and what they offer, as `scripts/generate_instance_types.py` wrote them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

_TABLE = Path(__file__).with_name("instance_types.json")

_X86_64 = ("m6i", "c6i", "r6i", "c7i")
_ARM64 = ("m6g", "c6g", "r6g", "c7g")
BUNDLES = {"optimal": _X86_64, "default_x86_64": _X86_64, "default_arm64": _ARM64}
"""The families behind the words that stand for several, from botocore's documentation of ComputeResource."""


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One instance type. `gpus` counts whole GPUs: a type with a part of one has 0, as in EC2's answer."""

    name: str
    vcpus: int
    memory_mib: int
    gpus: int
    architecture: str
    """x86_64, arm64, x86_64_mac or arm64_mac."""
    is_current_generation: bool

    @property
    def family(self) -> str:
        """`c5` of `c5.large`."""
        return self.name.partition(".")[0]

    @property
    def is_bare_metal(self) -> bool:
        return ".metal" in self.name


def find(name: str) -> InstanceType | None:
    """The instance type of this name; None where there is none."""
    return _types().get(name)


def names() -> tuple[str, ...]:
    """Every instance type, by family and within it from small to large."""
    return tuple(_types())


def families() -> tuple[str, ...]:
    """Every family, sorted."""
    return tuple(_families())


def is_known(name: str) -> bool:
    """Is it an instance type, a family, or one of BUNDLES?"""
    return name in _types() or name in _families() or name in BUNDLES


def expand(given: Iterable[str]) -> tuple[InstanceType, ...]:
    """The types that instance types, families and BUNDLES name, each once, in the order given.

    A family's are from small to large and without bare metal, which only its own name asks for (a guess: a
    metal instance has no more to offer than the largest of its family). Unknown names add nothing.
    """
    found: dict[str, InstanceType] = {}
    for name in given:
        one = find(name)
        if one is not None:
            found[name] = one
        for family in BUNDLES.get(name, (name,)):
            for member in _families().get(family, ()):
                if not member.is_bare_metal:
                    found[member.name] = member
    return tuple(found.values())


@functools.cache
def _types() -> dict[str, InstanceType]:
    rows = orjson.loads(_TABLE.read_bytes())["types"]
    return {name: InstanceType(name, *row) for name, row in rows.items()}


@functools.cache
def _families() -> dict[str, list[InstanceType]]:
    grouped: dict[str, list[InstanceType]] = {}
    for one in _types().values():
        grouped.setdefault(one.family, []).append(one)
    return grouped
