"""Launch templates: versions, defaults, names, and launches from them."""

from __future__ import annotations

from typing import Any

import pytest

from services.ec2.conftest import described, refused, tag_specification


@pytest.fixture
def template(ec2: Any, image: str) -> str:
    """The id of a template `mine` whose version 1 launches a tagged c5.large."""
    data = {
        "ImageId": image,
        "InstanceType": "c5.large",
        "UserData": "aGk=",
        "TagSpecifications": [tag_specification("instance", AWSBatchServiceTag="batch", origin="template")],
    }
    made = ec2.create_launch_template(
        LaunchTemplateName="mine",
        LaunchTemplateData=data,
        TagSpecifications=[tag_specification("launch-template", a="b")],
    )
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


def test_a_template_is_made_and_described(ec2: Any, template: str, account: str) -> None:
    [found] = ec2.describe_launch_templates(LaunchTemplateNames=["mine"])["LaunchTemplates"]
    assert found["LaunchTemplateId"] == template
    assert (found["DefaultVersionNumber"], found["LatestVersionNumber"]) == (1, 1)
    assert found["CreatedBy"] == f"arn:aws:iam::{account}:root"
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]
    [version] = ec2.describe_launch_template_versions(LaunchTemplateName="mine")["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["UserData"] == "aGk="
    assert version["DefaultVersion"] is True


def test_a_name_is_taken_once(ec2: Any, template: str) -> None:
    code, message = refused(
        ec2.create_launch_template, LaunchTemplateName="mine", LaunchTemplateData={"InstanceType": "c5.large"}
    )
    assert (code, message) == (
        "InvalidLaunchTemplateName.AlreadyExistsException",
        "Launch template name already in use.",
    )


def test_a_client_token_makes_it_once(ec2: Any) -> None:
    request = {
        "LaunchTemplateName": "once",
        "LaunchTemplateData": {"InstanceType": "c5.large"},
        "ClientToken": "x",
    }
    first = ec2.create_launch_template(**request)["LaunchTemplate"]
    assert ec2.create_launch_template(**request)["LaunchTemplate"] == first
    other = {**request, "LaunchTemplateName": "other"}
    assert refused(ec2.create_launch_template, **other)[0] == "IdempotentParameterMismatch"


def test_versions_follow_and_the_default_is_chosen(ec2: Any, template: str) -> None:
    second = ec2.create_launch_template_version(
        LaunchTemplateId=template,
        SourceVersion="1",
        VersionDescription="bigger",
        LaunchTemplateData={"InstanceType": "c5.xlarge"},
    )["LaunchTemplateVersion"]
    assert second["VersionNumber"] == 2
    assert second["LaunchTemplateData"]["UserData"] == "aGk="
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")

    def numbers(**chosen: Any) -> list[int]:
        answer = ec2.describe_launch_template_versions(LaunchTemplateId=template, **chosen)
        return [one["VersionNumber"] for one in answer["LaunchTemplateVersions"]]

    assert numbers() == [2, 1]
    assert numbers(Versions=["$Default"]) == [2]
    assert numbers(Versions=["1", "$Latest"]) == [2, 1]
    assert numbers(MaxVersion="1") == [1]
    gone = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "7"])
    assert gone["SuccessfullyDeletedLaunchTemplateVersions"][0]["VersionNumber"] == 1
    assert gone["UnsuccessfullyDeletedLaunchTemplateVersions"][0]["VersionNumber"] == 7
    assert refused(numbers, Versions=["1"])[0] == "InvalidLaunchTemplateId.VersionNotFound"


def test_a_launch_takes_the_template_and_the_request_over_it(ec2: Any, template: str) -> None:
    made = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        InstanceType="c5.xlarge",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[tag_specification("instance", origin="request")],
    )["Instances"]
    [one] = described(ec2, InstanceIds=[made[0]["InstanceId"]])
    tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
    assert one["InstanceType"] == "c5.xlarge"
    assert tags["AWSBatchServiceTag"] == "batch"
    assert tags["origin"] == "request"
    assert tags["aws:ec2launchtemplate:id"] == template


def test_a_deleted_template_is_gone(ec2: Any, template: str) -> None:
    ec2.delete_launch_template(LaunchTemplateName="mine")
    assert refused(ec2.delete_launch_template, LaunchTemplateId=template) == (
        "InvalidLaunchTemplateId.NotFound",
        f"The specified launch template, with template ID {template}, does not exist.",
    )
    assert refused(ec2.delete_launch_template, LaunchTemplateName="mine")[0] == (
        "InvalidLaunchTemplateName.NotFoundException"
    )
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert ec2.describe_tags()["Tags"] == []


def test_what_a_launch_would_not_honour_is_refused_in_a_template(ec2: Any) -> None:
    data = {"InstanceRequirements": {"VCpuCount": {"Min": 1}, "MemoryMiB": {"Min": 1}}}
    code, message = refused(ec2.create_launch_template, LaunchTemplateName="x-1", LaunchTemplateData=data)
    assert code == "NotImplemented"
    assert "LaunchTemplateData.InstanceRequirements" in message


def test_templates_come_in_pages(ec2: Any) -> None:
    for number in range(5):
        data = {"InstanceType": "c5.large"}
        ec2.create_launch_template(LaunchTemplateName=f"name-{number}", LaunchTemplateData=data)
    pages = list(ec2.get_paginator("describe_launch_templates").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["LaunchTemplates"]) for page in pages] == [2, 2, 1]
    some = [{"Name": "launch-template-name", "Values": ["name-[34]", "name-?"]}]
    assert len(ec2.describe_launch_templates(Filters=some)["LaunchTemplates"]) == 5
