"""What a compute environment cannot be called, tagged with, or told where it is MANAGED."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from services.batch.environments import on_fargate

Aws = Callable[..., Any]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"computeEnvironmentName": "a b"}, "computeEnvironmentName must match regex"),
        ({"computeEnvironmentName": "x" * 129}, "computeEnvironmentName must match regex"),
        ({"computeEnvironmentName": "a/b"}, "computeEnvironmentName must match regex"),
        ({"tags": {f"k{n}": "x" for n in range(51)}}, "less than or equal to 50"),
        ({"unmanagedvCpus": 4}, "unmanagedvCpus"),
    ],
)
def test_it_is_refused_and_nothing_is_made(aws: Aws, changes: dict[str, Any], text: str) -> None:
    """Names: batch-jobs.md, limits; unmanagedvCpus is for UNMANAGED environments alone (botocore's model)."""
    batch = aws("batch")
    request = {"computeEnvironmentName": "one", "type": "MANAGED", "computeResources": on_fargate(aws)}
    with pytest.raises(batch.exceptions.ClientException, match=re.escape(text)):
        batch.create_compute_environment(**{**request, **changes})
    assert batch.describe_compute_environments()["computeEnvironments"] == []
    assert aws("iam").list_roles()["Roles"] == []


def test_the_longest_name_and_every_letter_allowed(aws: Aws) -> None:
    name = "_-" + "Z9" * 63
    request = {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": on_fargate(aws)}
    made = aws("batch").create_compute_environment(**request)
    assert made["computeEnvironmentArn"].endswith(f":compute-environment/{name}")
