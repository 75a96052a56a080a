"""Consumable resources: what there is of them, and what jobs hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.config import Settings
from conftest import PACE, Serving
from services.batch.conftest import job_of

Make = Callable[..., Any]


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server whose clock can be advanced."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, slots=8, test_clock=True))
    yield one
    one.close()


@pytest.fixture
def resource(batch: Any) -> Make:
    """`resource("licence", 2)`: the ARN of a resource."""

    def make(name: str = "licence", total: int = 1, **request: Any) -> str:
        answer = batch.create_consumable_resource(consumableResourceName=name, totalQuantity=total, **request)
        arn: str = answer["consumableResourceArn"]
        return arn

    return make


@pytest.fixture
def left(batch: Any) -> Make:
    """`left("licence")`: its total, what is in use, and what is available."""

    def read(name: str = "licence") -> tuple[int, int, int]:
        shown = batch.describe_consumable_resource(consumableResource=name)
        return shown["totalQuantity"], shown["inUseQuantity"], shown["availableQuantity"]

    return read


def needing(**quantities: int) -> dict[str, Any]:
    """The properties of a job that needs so much of each."""
    listed = [{"consumableResource": name, "quantity": quantity} for name, quantity in quantities.items()]
    return {"consumableResourceList": listed}


def test_a_resource_from_its_creation_to_its_end(batch: Any, resource: Make, account: str) -> None:
    arn = resource("Licence", 3, tags={"team": "blue"})
    assert arn == f"arn:aws:batch:us-east-1:{account}:consumable-resource/Licence"
    shown = batch.describe_consumable_resource(consumableResource=arn)
    created = shown.pop("createdAt")
    assert created > 1_600_000_000_000
    del shown["ResponseMetadata"]
    assert shown == {
        "consumableResourceName": "Licence",
        "consumableResourceArn": arn,
        "totalQuantity": 3,
        "inUseQuantity": 0,
        "availableQuantity": 3,
        "resourceType": "REPLENISHABLE",
        "tags": {"team": "blue"},
    }
    batch.tag_resource(resourceArn=arn, tags={"more": "yes"})
    batch.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"more": "yes"}
    with pytest.raises(ClientError, match="Object already exists") as refused:
        resource("Licence")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    batch.delete_consumable_resource(consumableResource="Licence")
    for call in (batch.describe_consumable_resource, batch.delete_consumable_resource):
        with pytest.raises(ClientError, match=f"{arn} does not exist"):
            call(consumableResource="Licence")


def test_its_quantity_is_changed_once_for_each_token(
    batch: Any, app: Any, resource: Make, left: Make
) -> None:
    resource(total=5)
    change = lambda operation, quantity, **more: batch.update_consumable_resource(  # noqa: E731
        consumableResource="licence", operation=operation, quantity=quantity, **more
    )["totalQuantity"]
    assert [change("ADD", 2), change("REMOVE", 4), change("SET", 10)] == [7, 3, 10]
    assert [change("ADD", 5, clientToken="one"), change("ADD", 5, clientToken="one")] == [15, 15]
    with pytest.raises(ClientError, match="clientToken was used with other parameters"):
        change("ADD", 6, clientToken="one")
    app.clock.advance(8 * 3600 + 1)
    assert change("ADD", 5, clientToken="one") == 20
    for request, text in (
        ({"operation": "REMOVE", "quantity": 21}, "non-negative"),
        ({"operation": "SET", "quantity": -1}, "non-negative"),
        ({"operation": "ADD", "quantity": 2**63 - 1}, "non-negative"),
        ({"operation": "TAKE", "quantity": 1}, "SET, ADD, REMOVE"),
        ({"quantity": 1}, "SET, ADD, REMOVE"),
        ({"operation": "SET"}, "quantity is required"),
    ):
        with pytest.raises(ClientError, match=text):
            batch.update_consumable_resource(consumableResource="licence", **request)
    assert left() == (20, 0, 20)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"consumableResourceName": "with.dot"}, "valid pattern"),
        ({"consumableResourceName": "n" * 129}, "valid pattern"),
        ({"totalQuantity": -1}, "non-negative"),
        ({"totalQuantity": 2**63}, "can not be converted to Long"),
        ({"resourceType": "EDIBLE"}, "REPLENISHABLE, NON_REPLENISHABLE"),
        ({"tags": {"a": "(b)"}}, "illegal characters"),
    ],
)
def test_what_is_refused_at_creation(batch: Any, request_: Any, text: str) -> None:
    with pytest.raises(ClientError, match=text) as refused:
        batch.create_consumable_resource(**{"consumableResourceName": "r", "totalQuantity": 1, **request_})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert batch.list_consumable_resources()["consumableResources"] == []


def test_they_are_listed_by_name_in_pages(batch: Any, resource: Make) -> None:
    for name in ("b", "B", "a", "ab", "c"):
        resource(name)

    def listed(*values: str) -> list[str]:
        given = [{"name": "CONSUMABLE_RESOURCE_NAME", "values": [one]} for one in values]
        pages = batch.get_paginator("list_consumable_resources").paginate(
            filters=given, PaginationConfig={"PageSize": 2}
        )
        return [one["consumableResourceName"] for page in pages for one in page["consumableResources"]]

    assert listed() == ["a", "ab", "B", "b", "c"]
    assert listed("A*") == ["a", "ab"]
    assert listed("b") == ["B", "b"]
    for wrong in ([{"name": "NAME", "values": ["a"]}], [{"name": "CONSUMABLE_RESOURCE_NAME", "values": []}]):
        with pytest.raises(ClientError):
            batch.list_consumable_resources(filters=wrong)


def test_a_job_holds_what_it_needs_and_the_next_one_waits(
    batch: Any, resource: Make, left: Make, define: Make, submit: Make, reached: Make, wait_for: Make
) -> None:
    """The waiting one holds up those behind it, and says nothing, as one that waits for room."""
    arn = resource(total=3)
    resource("seat", 9)
    definition = define("sleep 600", consumableResourceProperties=needing(licence=2))
    [shown] = batch.describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"]
    assert shown["consumableResourceProperties"] == needing(licence=2)
    first = submit(definition=definition)
    reached(first, "RUNNING")
    assert left() == (3, 2, 1)
    more = needing(**{arn: 3, "seat": 1})
    second = submit(definition=definition, consumableResourcePropertiesOverride=more)
    assert job_of(batch, second)["consumableResourceProperties"] == needing(licence=3, seat=1)
    behind = submit("true")
    with pytest.raises(ClientError, match="Cannot delete, found existing Job relationship"):
        batch.delete_consumable_resource(consumableResource="seat")
    batch.update_consumable_resource(consumableResource="licence", operation="SET", quantity=2)
    # More than there is: it waits for an owner, not for a job.
    wait_for(lambda: "UNDETERMINED" in job_of(batch, second).get("statusReason", ""))
    batch.update_consumable_resource(consumableResource="licence", operation="ADD", quantity=2)
    wait_for(lambda: "statusReason" not in job_of(batch, second))
    assert [job_of(batch, one)["status"] for one in (second, behind)] == ["RUNNABLE", "RUNNABLE"]
    assert left() == (4, 2, 2)
    batch.terminate_job(jobId=first, reason="enough")
    reached(second, "RUNNING")
    reached(behind)
    assert (left(), left("seat")) == ((4, 3, 1), (9, 1, 8))
    batch.terminate_job(jobId=second, reason="enough")
    reached(second)
    assert (left(), left("seat")) == ((4, 0, 4), (9, 0, 9))
    batch.delete_consumable_resource(consumableResource="seat")
    with pytest.raises(ClientError, match="consumable-resource/seat does not exist"):
        submit(definition=definition, consumableResourcePropertiesOverride=needing(seat=1))


def test_it_holds_over_its_retries_and_uses_up_what_does_not_come_back(
    resource: Make, left: Make, define: Make, submit: Make, reached: Make
) -> None:
    resource("paper", 5, resourceType="NON_REPLENISHABLE")
    definition = define("exit 1", consumableResourceProperties=needing(paper=2))
    job_id = submit(definition=definition, retryStrategy={"attempts": 3})
    assert len(reached(job_id)["attempts"]) == 3
    assert left("paper") == (3, 0, 3)


def test_what_never_started_uses_up_nothing(
    batch: Any, resource: Make, left: Make, define: Make, submit: Make
) -> None:
    resource("paper", 1, resourceType="NON_REPLENISHABLE")
    definition = define("true", consumableResourceProperties=needing(paper=2))
    job_id = submit(definition=definition)
    batch.cancel_job(jobId=job_id, reason="no more paper")
    assert job_of(batch, job_id)["status"] == "FAILED"
    assert left("paper") == (1, 0, 1)


def test_each_child_of_an_array_holds(
    batch: Any, resource: Make, left: Make, define: Make, submit: Make, reached: Make, wait_for: Make
) -> None:
    resource(total=2)
    definition = define("sleep 600", consumableResourceProperties=needing(licence=1))
    parent = submit(definition=definition, arrayProperties={"size": 3})
    summary = lambda: job_of(batch, parent)["arrayProperties"]["statusSummary"]  # noqa: E731
    wait_for(lambda: (summary()["RUNNING"], summary()["RUNNABLE"]) == (2, 1))
    assert left() == (2, 2, 0)
    [listed] = batch.list_jobs_by_consumable_resource(consumableResource="licence")["jobs"]
    assert (listed["jobArn"].rsplit("/", 1)[-1], listed["jobStatus"]) == (parent, "PENDING")
    batch.terminate_job(jobId=parent, reason="enough")
    reached(parent)
    assert left() == (2, 0, 2)


def test_who_needs_a_resource(
    batch: Any, resource: Make, define: Make, submit: Make, queue: str, reached: Make
) -> None:
    arn = resource(total=9)
    definition = define("true", consumableResourceProperties=needing(licence=1))
    ids = {
        name: batch.submit_job(jobName=name, jobQueue=queue, jobDefinition=definition)["jobId"]
        for name in ("alpha", "Beta", "alphabet")
    }
    submit("true")
    for one in ids.values():
        reached(one)

    def listed(*pair: str) -> list[str]:
        given = [{"name": pair[0], "values": [pair[1]]}] if pair else []
        pages = batch.get_paginator("list_jobs_by_consumable_resource").paginate(
            consumableResource=arn, filters=given, PaginationConfig={"PageSize": 1}
        )
        return [one["jobName"] for page in pages for one in page["jobs"]]

    assert listed() == ["alphabet", "Beta", "alpha"]
    assert listed("JOB_STATUS", "SUCCEEDED") == listed()
    assert listed("JOB_STATUS", "RUNNING") == []
    assert listed("JOB_NAME", "ALPHA*") == ["alpha", "alphabet"]
    assert listed("JOB_NAME", "beta") == ["Beta"]
    last = batch.list_jobs_by_consumable_resource(consumableResource=arn, maxResults=1)["jobs"][0]
    assert last["jobDefinitionArn"] == definition
    assert last["consumableResourceProperties"] == needing(licence=1)
    assert last["quantity"] == 9
    for wrong in (("JOB_STATUS", "ASLEEP"), ("SHARE_IDENTIFIER", "a")):
        with pytest.raises(ClientError):
            listed(*wrong)


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        (needing(none=1), "consumable-resource/none does not exist"),
        (needing(licence=0), "at least 1"),
        ({"consumableResourceList": [{"consumableResource": "licence"}]}, "at least 1"),
        ({"consumableResourceList": [{"quantity": 1}]}, "null or empty"),
        ({"consumableResourceList": needing(licence=1)["consumableResourceList"] * 2}, "only once"),
        (needing(**{f"r{number}": 1 for number in range(6)}), "at most 5"),
    ],
    ids=str,
)
def test_needs_that_are_refused(
    define: Make, resource: Make, submit: Make, properties: Any, text: str
) -> None:
    resource()
    with pytest.raises(ClientError, match=text):
        define(consumableResourceProperties=properties)
    definition = define()
    with pytest.raises(ClientError, match=text):
        submit(definition=definition, consumableResourcePropertiesOverride=properties)
