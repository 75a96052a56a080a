"""Clusters, and ECS's service-linked role that comes with the first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.ecs.refusals import refused

CREATE_ONLY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}],
}


def test_a_cluster_from_creation_to_deletion(ecs: Any, account: str) -> None:
    arn = f"arn:aws:ecs:us-east-1:{account}:cluster/one"
    made = ecs.create_cluster(clusterName="one", tags=[{"key": "a", "value": "b"}])["cluster"]
    assert made["clusterArn"] == arn
    assert made["status"] == "ACTIVE"
    assert made["tags"] == [{"key": "a", "value": "b"}]
    assert ecs.list_clusters()["clusterArns"] == [arn]
    plain = ecs.describe_clusters(clusters=["one"])["clusters"][0]
    assert plain["tags"] == []
    assert ecs.delete_cluster(cluster=arn)["cluster"]["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []
    assert ecs.describe_clusters(clusters=[arn])["clusters"][0]["status"] == "INACTIVE"
    assert refused(ecs.update_cluster, cluster="one")[0] == "ClusterNotFoundException"
    again = ecs.create_cluster(clusterName="one")["cluster"]
    assert (again["status"], again["tags"]) == ("ACTIVE", [])


def test_creating_it_again_changes_nothing(ecs: Any) -> None:
    ecs.create_cluster(clusterName="one", tags=[{"key": "a", "value": "b"}])
    again = ecs.create_cluster(clusterName="one", tags=[{"key": "a", "value": "c"}])["cluster"]
    assert again["tags"] == [{"key": "a", "value": "b"}]


def test_the_default_cluster_and_the_missing(ecs: Any, account: str) -> None:
    answer = ecs.describe_clusters()
    assert answer["clusters"] == []
    assert answer["failures"] == [
        {"arn": f"arn:aws:ecs:us-east-1:{account}:cluster/default", "reason": "MISSING"}
    ]
    assert ecs.create_cluster()["cluster"]["clusterName"] == "default"
    assert len(ecs.describe_clusters()["clusters"]) == 1
    assert refused(ecs.delete_cluster, cluster="none") == ("ClusterNotFoundException", "Cluster not found.")
    assert refused(ecs.describe_clusters, clusters=[""]) == (
        "InvalidParameterException",
        "Clusters can not be blank.",
    )


def test_pages(ecs: Any) -> None:
    for number in range(5):
        ecs.create_cluster(clusterName=f"c{number}")
    pages = list(ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["clusterArns"]) for page in pages] == [2, 2, 1]
    assert refused(ecs.list_clusters, nextToken="%%")[0] == "InvalidParameterException"


def test_settings(ecs: Any) -> None:
    ecs.create_cluster(clusterName="one")
    ecs.update_cluster(cluster="one", settings=[{"name": "containerInsights", "value": "enabled"}])
    seen = ecs.describe_clusters(clusters=["one"], include=["SETTINGS"])["clusters"][0]
    assert seen["settings"] == [{"name": "containerInsights", "value": "enabled"}]


def test_what_is_not_built_is_refused_by_name(ecs: Any) -> None:
    code, text = refused(ecs.create_cluster, clusterName="one", capacityProviders=["FARGATE"])
    assert "capacityProviders" in text
    assert ecs.list_clusters()["clusterArns"] == []
    assert code != "AccessDeniedException"


def test_bad_names(ecs: Any) -> None:
    assert refused(ecs.create_cluster, clusterName="a b")[0] == "InvalidParameterException"


class TestServiceLinkedRole:
    def test_is_made_with_the_first_cluster(self, ecs: Any, aws: Callable[..., Any]) -> None:
        iam = aws("iam")
        with pytest.raises(ClientError):
            iam.get_role(RoleName="AWSServiceRoleForECS")
        ecs.create_cluster(clusterName="one")
        role = iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]
        assert role["Path"] == "/aws-service-role/ecs.amazonaws.com/"
        ecs.create_cluster(clusterName="two")
        assert iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]["RoleId"] == role["RoleId"]

    def test_is_left_out_where_the_caller_may_not(
        self, user_client: Callable[..., Any], aws: Callable[..., Any]
    ) -> None:
        ecs = user_client("ecs", CREATE_ONLY)
        assert ecs.create_cluster(clusterName="one")["cluster"]["status"] == "ACTIVE"
        with pytest.raises(ClientError):
            aws("iam").get_role(RoleName="AWSServiceRoleForECS")

    def test_cannot_be_deleted_while_a_cluster_uses_it(
        self, aws: Callable[..., Any], wait_for: Callable[..., Any]
    ) -> None:
        iam, far = aws("iam"), aws("ecs", region="eu-west-1")
        arn = far.create_cluster(clusterName="one")["cluster"]["clusterArn"]

        def outcome() -> Any:
            task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForECS")["DeletionTaskId"]

            def ended() -> Any:
                status = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
                return status if status["Status"] in ("SUCCEEDED", "FAILED") else None

            return wait_for(ended)

        failed = outcome()
        assert failed["Status"] == "FAILED"
        assert failed["Reason"]["RoleUsageList"] == [{"Region": "eu-west-1", "Resources": [arn]}]
        far.delete_cluster(cluster="one")
        assert outcome()["Status"] == "SUCCEEDED"


def test_tags_at_creation_need_tag_resource(user_client: Callable[..., Any], account: str) -> None:
    policy = json.loads(json.dumps(CREATE_ONLY))
    policy["Statement"][0]["Action"] = ["ecs:CreateCluster"]
    ecs = user_client("ecs", policy)
    code, text = refused(ecs.create_cluster, clusterName="one", tags=[{"key": "a", "value": "b"}])
    assert code == "AccessDeniedException"
    assert f"ecs:TagResource on resource: arn:aws:ecs:us-east-1:{account}:cluster/one" in text
