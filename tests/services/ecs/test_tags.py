"""The tag operations on each kind of resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.ecs.refusals import refused


def test_tag_and_untag(ecs: Any, fargate: Callable[..., str], run: Callable[..., str]) -> None:
    cluster = ecs.create_cluster(clusterName="c")["cluster"]["clusterArn"]
    definition = fargate("true")
    task = run(definition)
    for arn in (cluster, definition, task):
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "3"}])
        ecs.untag_resource(resourceArn=arn, tagKeys=["b", "never"])
        assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "3"}]


def test_refusals(ecs: Any, account: str) -> None:
    missing = f"arn:aws:ecs:us-east-1:{account}:cluster/none"
    assert refused(ecs.list_tags_for_resource, resourceArn=missing)[0] == "ClusterNotFoundException"
    assert refused(ecs.list_tags_for_resource, resourceArn="arn:aws:s3:::x")[0] == "InvalidParameterException"
    arn = ecs.create_cluster(clusterName="c")["cluster"]["clusterArn"]
    code, text = refused(ecs.tag_resource, resourceArn=arn, tags=[{"key": "aws:x", "value": "1"}])
    assert code == "InvalidParameterException"
    assert text == "Tag key must not start with aws:"
    many = [{"key": str(number), "value": ""} for number in range(50)]
    ecs.tag_resource(resourceArn=arn, tags=many)
    assert refused(ecs.tag_resource, resourceArn=arn, tags=[{"key": "more", "value": ""}])[0] == (
        "InvalidParameterException"
    )


def test_a_tag_condition_decides(ecs: Any, user_client: Callable[..., Any]) -> None:
    for name, team in (("mine", "a"), ("yours", "b")):
        ecs.create_cluster(clusterName=name, tags=[{"key": "team", "value": team}])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "ecs:DescribeClusters",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}},
            }
        ],
    }
    user = user_client("ecs", policy)
    assert len(user.describe_clusters(clusters=["mine"])["clusters"]) == 1
    assert refused(user.describe_clusters, clusters=["yours"])[0] == "AccessDeniedException"


def test_account_settings_and_capacity_providers(ecs: Any) -> None:
    assert ecs.list_account_settings()["settings"] == []
    shown = ecs.list_account_settings(effectiveSettings=True, name="taskLongArnFormat")["settings"]
    assert [one["value"] for one in shown] == ["enabled"]
    answer = ecs.describe_capacity_providers(capacityProviders=["FARGATE", "other"])
    assert [one["name"] for one in answer["capacityProviders"]] == ["FARGATE"]
    assert [one["reason"] for one in answer["failures"]] == ["MISSING"]
