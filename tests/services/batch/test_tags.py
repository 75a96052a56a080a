"""Tags on the four types of resources that have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[..., Any]


@pytest.fixture
def arns(batch: Any, account: str, queue: str, define: Make) -> list[str]:
    """A compute environment, a queue, a definition and a job of this account."""
    definition = define(tags={"made": "with"})
    job = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=definition, tags={"made": "with"})
    start = f"arn:aws:batch:us-east-1:{account}:"
    return [f"{start}compute-environment/fargate", f"{start}job-queue/{queue}", definition, job["jobArn"]]


def test_tags_are_put_listed_and_taken(batch: Any, arns: list[str]) -> None:
    for arn in arns:
        batch.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        batch.tag_resource(resourceArn=arn, tags={"b": "3", "made": "later"})
        batch.untag_resource(resourceArn=arn, tagKeys=["a", "none"])
        assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "3", "made": "later"}


def test_the_tags_of_an_ended_job_can_be_changed(batch: Any, submit: Make, reached: Make) -> None:
    job = reached(submit(tags={"made": "with"}))
    batch.tag_resource(resourceArn=job["jobArn"], tags={"checked": "yes"})
    batch.untag_resource(resourceArn=job["jobArn"], tagKeys=["made"])
    assert reached(job["jobId"])["tags"] == {"checked": "yes"}


def test_tags_at_creation_are_there(batch: Any, arns: list[str]) -> None:
    found = [batch.list_tags_for_resource(resourceArn=arn)["tags"] for arn in arns]
    assert found == [{}, {}, {"made": "with"}, {"made": "with"}]


def test_policies_see_the_tags(batch: Any, user_client: Make, arns: list[str]) -> None:
    mine = {"StringEquals": {"aws:ResourceTag/owner": "me"}}
    statement = {"Effect": "Allow", "Action": "batch:*", "Resource": "*", "Condition": mine}
    client = user_client("batch", {"Version": "2012-10-17", "Statement": statement})
    for arn in arns:
        with pytest.raises(ClientError, match="is not authorized to perform: batch:TagResource"):
            client.tag_resource(resourceArn=arn, tags={"x": "y"})
        batch.tag_resource(resourceArn=arn, tags={"owner": "me"})
        client.tag_resource(resourceArn=arn, tags={"x": "y"})


def test_refusals(batch: Any, arns: list[str], account: str) -> None:
    batch.tag_resource(resourceArn=arns[1], tags={f"k{number}": "v" for number in range(50)})
    batch.tag_resource(resourceArn=arns[1], tags={"k0": "w"})
    with pytest.raises(ClientError, match="exceeds the limit of 50"):
        batch.tag_resource(resourceArn=arns[1], tags={"one more": "v"})
    with pytest.raises(ClientError, match="aws:"):
        batch.tag_resource(resourceArn=arns[0], tags={"aws:mine": "x"})
    for arn in (
        f"arn:aws:batch:us-east-1:{account}:job-queue/none",
        f"arn:aws:batch:us-east-1:{account}:job-definition/work",
        f"arn:aws:batch:eu-west-1:{account}:job-queue/queue",
        f"arn:aws:batch:us-east-1:{account}:something/else",
    ):
        with pytest.raises(ClientError, match="does not exist"):
            batch.list_tags_for_resource(resourceArn=arn)


def test_the_letters_of_tags(batch: Any, queue: str, define: Make) -> None:
    """Recorded: Netflix/metaflow#1345 (SubmitJob); what Nextflow and Metaflow send is taken (what-aws-says.md 26)."""
    definition = define(tags={"nextflow.io/createdAt": "2026-01-01T00:00:00Z", "größe": "12 m+x=y@z_-"})
    job = {"jobName": "j", "jobQueue": queue, "jobDefinition": definition}
    for tags, told in (
        ({"v": "2.8.1+mc(0.10.0)"}, "'2.8.1+mc(0.10.0)' is not a valid value for TagValue"),
        ({"a,b": "x"}, "'a,b' is not a valid value for TagKey"),
        ({"a": "x\ty"}, "'x\ty' is not a valid value for TagValue"),
    ):
        for call, request in (
            (batch.submit_job, job),
            (batch.tag_resource, {"resourceArn": definition}),
        ):
            with pytest.raises(ClientError) as caught:
                call(**request, tags=tags)
            error = caught.value.response["Error"]
            text = f"{told} - it contains illegal characters"
            assert (error["Code"], error["Message"]) == ("BadRequestException", text)


def test_no_tags_at_all_are_taken_for_none(batch: Any, queue: str, define: Make) -> None:
    """The control of what-aws-says.md 1: a client that always sends the member."""
    definition = define(tags={})
    job = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=definition, tags={})
    for arn in (definition, job["jobArn"]):
        batch.tag_resource(resourceArn=arn, tags={})
        assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {}
