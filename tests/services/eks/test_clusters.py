"""EKS clusters: from CREATING to ACTIVE, shown and listed, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Call = Callable[..., Any]


@pytest.fixture
def eks(aws: Call) -> Any:
    """EKS as root of this test's account."""
    return aws("eks")


@pytest.fixture
def make(eks: Any, account: str) -> Call:
    """`make("name", tags=…)`: a cluster as CreateCluster answers."""

    def create(name: str, **more: Any) -> Any:
        request = {"roleArn": f"arn:aws:iam::{account}:role/eks", "resourcesVpcConfig": {}, **more}
        return eks.create_cluster(name=name, **request)["cluster"]

    return create


def status(eks: Any, name: str) -> str | None:
    try:
        return str(eks.describe_cluster(name=name)["cluster"]["status"])
    except eks.exceptions.ResourceNotFoundException:
        return None


def refused(call: Call, **request: Any) -> tuple[str, str, int]:
    """Code, message and HTTP status of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_cluster_becomes_active_and_goes(eks: Any, make: Call, account: str, wait_for: Call) -> None:
    made = make("one", tags={"a": "b"}, resourcesVpcConfig={"subnetIds": ["subnet-1"]})
    assert (made["status"], made["tags"], made["roleArn"]) == (
        "CREATING",
        {"a": "b"},
        f"arn:aws:iam::{account}:role/eks",
    )
    assert made["arn"] == f"arn:aws:eks:us-east-1:{account}:cluster/one"
    assert made["resourcesVpcConfig"] == {"subnetIds": ["subnet-1"], "securityGroupIds": []}
    assert re.fullmatch(r"1\.\d\d", made["version"])
    wait_for(lambda: status(eks, "one") == "ACTIVE")
    assert eks.delete_cluster(name="one")["cluster"]["status"] == "DELETING"
    wait_for(lambda: status(eks, "one") is None)
    assert eks.list_clusters()["clusters"] == []


def test_names_are_taken_once_in_a_region(aws: Call, eks: Any, make: Call, account: str) -> None:
    make("one")
    with pytest.raises(ClientError) as caught:
        make("one")
    assert caught.value.response["Error"] == {
        "Code": "ResourceInUseException",
        "Message": "Cluster already exists with name: one",
    }
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    role = f"arn:aws:iam::{account}:role/eks"
    aws("eks", region="eu-west-1").create_cluster(name="one", roleArn=role, resourcesVpcConfig={})


def test_a_repeated_request_makes_one_cluster(eks: Any, make: Call) -> None:
    first = make("one", clientRequestToken="token")
    again = make("one", clientRequestToken="token")
    assert again["createdAt"] == first["createdAt"]
    for other in ({"clientRequestToken": "token", "tags": {"a": "b"}}, {"clientRequestToken": "another"}):
        with pytest.raises(eks.exceptions.ResourceInUseException):
            make("one", **other)


def test_a_missing_cluster(eks: Any) -> None:
    for call in (eks.describe_cluster, eks.delete_cluster):
        wanted = ("ResourceNotFoundException", "No cluster found for name: none.", 404)
        assert refused(call, name="none") == wanted


def test_a_cluster_that_is_being_made_is_not_deleted(eks: Any, make: Call, wait_for: Call) -> None:
    make("one")
    if status(eks, "one") == "CREATING":
        code, message, http = refused(eks.delete_cluster, name="one")
        assert (code, message, http) == ("ResourceInUseException", "Cluster has status CREATING", 409)
    wait_for(lambda: status(eks, "one") == "ACTIVE")
    eks.delete_cluster(name="one")


def test_clusters_are_listed_in_pages(eks: Any, make: Call) -> None:
    for number in range(5):
        make(f"c{number}")
    pages = list(eks.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2}))
    assert [page["clusters"] for page in pages] == [["c0", "c1"], ["c2", "c3"], ["c4"]]
    assert refused(eks.list_clusters, nextToken="%%%")[0] == "InvalidParameterException"


def test_what_is_not_honoured_is_refused(eks: Any, account: str) -> None:
    request = {"name": "x", "roleArn": f"arn:aws:iam::{account}:role/eks"}
    for config, more, named in (
        ({"endpointPrivateAccess": True}, {}, "resourcesVpcConfig.endpointPrivateAccess"),
        ({}, {"deletionProtection": True}, "deletionProtection"),
    ):
        code, message, http = refused(eks.create_cluster, **request, resourcesVpcConfig=config, **more)
        assert (code, http) == ("NotImplemented", 501)
        assert named in message
    code, message, _ = refused(eks.create_cluster, **request, resourcesVpcConfig={}, version="1.2")
    assert (code, message) == ("InvalidParameterException", "unsupported Kubernetes version 1.2")
