"""eksConfiguration: which cluster and namespace pods would go to.

The texts are guesses; the rules are botocore's model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments.compute_resource_rules import FARGATE
from batchyard.services.batch.service import batch

_CLUSTER = re.compile(r"arn:aws[a-z-]*:eks:[a-z0-9-]+:[0-9]{12}:cluster/[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LONGEST_NAMESPACE = 63


def check_eks_configuration(given: Mapping[str, Any], resources: Mapping[str, Any]) -> None:
    """Raise ClientException for a cluster that is no ARN, a namespace that pods cannot go to, and for Fargate."""
    if not _CLUSTER.fullmatch(given["eksClusterArn"]):
        raise _refused(f"eksClusterArn {given['eksClusterArn']} is not the ARN of an EKS cluster.")
    name = given["kubernetesNamespace"]
    if not _NAMESPACE.fullmatch(name) or len(name) > LONGEST_NAMESPACE:
        raise _refused(
            f"kubernetesNamespace {name} must match ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ and have less than 64 characters."
        )
    if name == "default" or name.startswith("kube-"):
        raise _refused(f"kubernetesNamespace cannot be {name}.")
    if resources.get("type") in FARGATE:
        raise _refused("Fargate is not applicable for EKS compute environments.")


def _refused(text: str) -> ApiError:
    return batch.error.ClientException(f"Error executing request, Exception : {text}")
