"""Instance types, families, and the words that stand for several families."""

from __future__ import annotations

import pytest

from batchyard.data.instance_types import BUNDLES, InstanceType, expand, families, find, is_known, names


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_mib", "gpus", "architecture"),
    [
        ("m5.large", 2, 8192, 0, "x86_64"),
        ("c5.18xlarge", 72, 147456, 0, "x86_64"),
        ("c7g.xlarge", 4, 8192, 0, "arm64"),
        ("p3.8xlarge", 32, 249856, 4, "x86_64"),
        ("p4d.24xlarge", 96, 1179648, 8, "x86_64"),
        ("t2.micro", 1, 1024, 0, "x86_64"),
        ("g6f.large", 2, 8192, 0, "x86_64"),
    ],
)
def test_a_type_offers_what_aws_says(
    name: str, vcpus: int, memory_mib: int, gpus: int, architecture: str
) -> None:
    found = find(name)
    assert found is not None
    assert (found.vcpus, found.memory_mib, found.gpus, found.architecture) == (
        vcpus,
        memory_mib,
        gpus,
        architecture,
    )
    assert found.family == name.split(".")[0]


def test_every_type_offers_something() -> None:
    assert len(names()) > 1400
    for name in names():
        found = find(name)
        assert isinstance(found, InstanceType)
        assert found.vcpus >= 1
        assert found.memory_mib >= 512
        assert found.family in families()
        assert found.architecture in ("x86_64", "arm64", "x86_64_mac", "arm64_mac")


def test_families_and_bundles_are_known_too() -> None:
    for name in ("m5.large", "m5", "p3", "optimal", "default_x86_64", "default_arm64", "c4", "m4", "r4"):
        assert is_known(name)
    for name in ("m5.huge", "m99", "", "m5."):
        assert not is_known(name)


def test_a_family_stands_for_its_types_from_small_to_large() -> None:
    found = expand(["m4"])
    assert [each.name for each in found] == [
        "m4.large",
        "m4.xlarge",
        "m4.2xlarge",
        "m4.4xlarge",
        "m4.10xlarge",
        "m4.16xlarge",
    ]


def test_bare_metal_must_be_asked_for() -> None:
    assert not any(each.is_bare_metal for each in expand(["m5", "optimal"]))
    assert [each.name for each in expand(["m5.metal"])] == ["m5.metal"]


@pytest.mark.parametrize(
    ("bundle", "architecture"),
    [("optimal", "x86_64"), ("default_x86_64", "x86_64"), ("default_arm64", "arm64")],
)
def test_a_bundle_has_one_architecture(bundle: str, architecture: str) -> None:
    found = expand([bundle])
    assert {each.architecture for each in found} == {architecture}
    assert {each.family for each in found} == set(BUNDLES[bundle])


def test_what_is_named_twice_comes_once_and_in_order() -> None:
    found = [each.name for each in expand(["m4.xlarge", "m4", "m4.xlarge", "nothing"])]
    assert found[0] == "m4.xlarge"
    assert sorted(found) == sorted(set(found))
    assert len(found) == 6
