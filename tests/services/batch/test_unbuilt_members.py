"""Members of CreateComputeEnvironment that are refused by name: they would be stored and forgotten otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.environments import describe, on_instances


@pytest.mark.parametrize(
    ("resources", "kubernetes"),
    [
        ({"ec2Configuration": [{"imageType": "ECS_AL2023", "batchImageStatus": "LATEST"}]}, {}),
        ({}, {"accessEntry": {"desiredState": "ENABLED"}}),
    ],
    ids=["batchImageStatus", "accessEntry"],
)
def test_what_would_be_forgotten_is_refused_by_name(
    aws: Callable[..., Any], resources: dict[str, Any], kubernetes: dict[str, Any]
) -> None:
    request: dict[str, Any] = {"computeResources": on_instances(aws, **resources)}
    if kubernetes:
        cluster = {
            "eksClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/c",
            "kubernetesNamespace": "n",
        }
        request["eksConfiguration"] = {**cluster, **kubernetes}
    with pytest.raises(ClientError, match="does not support the parameter") as refused:
        aws("batch").create_compute_environment(computeEnvironmentName="one", type="MANAGED", **request)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert describe(aws("batch"), "one") is None
