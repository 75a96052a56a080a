"""The templates of service-linked roles (slr.md 2)."""

from __future__ import annotations

import json

import pytest

from batchyard.data import managed_policies
from batchyard.data.service_linked_roles import find, principals


def test_batchs_role_is_as_recorded() -> None:
    template = find("batch.amazonaws.com")
    assert template is not None
    assert template.role_name_with(None) == "AWSServiceRoleForBatch"
    assert template.path == "/aws-service-role/batch.amazonaws.com/"
    assert json.loads(template.trust_document) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "batch.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    assert template.policy_arn("aws-cn") == (
        "arn:aws-cn:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    )
    assert not template.custom_suffix_allowed
    assert template.service_description is None


@pytest.mark.parametrize(
    ("principal", "role_name"),
    [
        ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
        ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
        ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot"),
        ("spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet"),
    ],
)
def test_the_roles_that_batch_needs_beside_its_own(principal: str, role_name: str) -> None:
    template = find(principal)
    assert template is not None
    assert template.role_name == role_name


def test_only_three_services_allow_a_suffix() -> None:
    allowing = {each for each in principals() if (found := find(each)) and found.custom_suffix_allowed}
    assert allowing == {"autoscaling.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com"}
    scaling = find("autoscaling.amazonaws.com")
    assert scaling is not None
    assert scaling.role_name_with("mine") == "AWSServiceRoleForAutoScaling_mine"


def test_every_role_has_its_policy() -> None:
    assert len(principals()) == 84
    templates = [template for principal in principals() if (template := find(principal))]
    for partition in ("aws", "aws-cn"):
        assert all(managed_policies.find(each.policy_arn(partition)) for each in templates)


@pytest.mark.parametrize("principal", ["Batch.amazonaws.com", "nothing.amazonaws.com", "batch", ""])
def test_another_principal_has_none(principal: str) -> None:
    assert find(principal) is None
