"""batch:TagResource is asked for where a job, definition, queue or environment is made with tags.

What is recorded: what-aws-says.md 1 (wri/gfw-data-api#175 names the definition with its revision; a Step
Functions role's denial names it as the submission does, without one).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from services.batch.conftest import SMALL

CONTAINER = {"image": "x", "command": ["true"], "resourceRequirements": SMALL}
CREATIONS: dict[str, tuple[dict[str, Any], str]] = {
    "SubmitJob": ({"jobName": "j", "jobQueue": "q", "jobDefinition": "d:1"}, "job-definition/d:1"),
    "SubmitJob, by name": ({"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}, "job-definition/d"),
    "RegisterJobDefinition": (
        {"jobDefinitionName": "d", "type": "container", "containerProperties": CONTAINER},
        "job-definition/d",
    ),
    "CreateJobQueue": ({"jobQueueName": "q", "priority": 1, "computeEnvironmentOrder": []}, "job-queue/q"),
    "CreateComputeEnvironment": (
        {"computeEnvironmentName": "e", "type": "UNMANAGED", "state": "DISABLED"},
        "compute-environment/e",
    ),
}
OTHERS = {"Effect": "Allow", "NotAction": "batch:TagResource", "Resource": "*"}


def denial(call: Any, request: dict[str, Any]) -> str:
    """What a call is denied with; empty where it went further than the policies."""
    try:
        call(**request)
    except ClientError as error:
        status, found = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]
        return str(found["Message"]) if (status, found["Code"]) == (403, "AccessDeniedException") else ""
    return ""


@pytest.mark.parametrize("creation", CREATIONS)
def test_what_is_made_with_tags_needs_the_permission_to_tag(
    creation: str, user_client: Callable[..., Any], account: str
) -> None:
    request, resource = CREATIONS[creation]

    def made_with(statements: list[Any], tags: dict[str, str] | None) -> str:
        client = user_client("batch", {"Version": "2012-10-17", "Statement": statements})
        call = getattr(client, xform_name(creation.partition(",")[0]))
        return denial(call, request if tags is None else {**request, "tags": tags})

    arn = f"arn:aws:batch:us-east-1:{account}:{resource}"
    lacking = made_with([OTHERS], {"a": "b"})
    assert f"is not authorized to perform: batch:TagResource on resource: {arn}" in lacking
    assert made_with([OTHERS], None) == made_with([OTHERS], {}) == ""
    tag = {"Effect": "Allow", "Action": "batch:TagResource", "Resource": arn}
    assert made_with([OTHERS, tag], {"a": "b"}) == ""
    keys = {
        "StringEquals": {"aws:RequestTag/a": "b"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["a"]},
    }
    assert made_with([OTHERS, {**tag, "Condition": keys}], {"a": "b"}) == ""
    assert f"batch:TagResource on resource: {arn}" in made_with(
        [OTHERS, {**tag, "Condition": keys}], {"a": "c"}
    )
    deny = {"Effect": "Deny", "Action": "batch:TagResource", "Resource": "*"}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert "with an explicit deny" in made_with([everything, deny], {"a": "b"})
