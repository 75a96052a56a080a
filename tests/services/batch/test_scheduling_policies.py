"""Scheduling policies: what they may say, how they are read back, and who may do what with them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from batchyard.framework.errors import ApiError
from batchyard.scheduler import SchedulingPolicy
from batchyard.scheduler.shares import weight_factor
from batchyard.services.batch.queues.fairshare_policies import checked_fairshare

FAIRSHARE = {
    "shareDecaySeconds": 3600,
    "computeReservation": 10,
    "shareDistribution": [{"shareIdentifier": "team*", "weightFactor": 0.5}, {"shareIdentifier": "x"}],
}
DEFAULTS = {"shareDecaySeconds": 0, "computeReservation": 0, "shareDistribution": []}


def shares(*identifiers: str, **more: Any) -> dict[str, Any]:
    return {"shareDistribution": [{"shareIdentifier": one, **more} for one in identifiers]}


def test_a_policy_from_its_making_to_its_end(batch: Any, account: str) -> None:
    arn = f"arn:aws:batch:us-east-1:{account}:scheduling-policy/fair"
    made = batch.create_scheduling_policy(name="fair", fairsharePolicy=FAIRSHARE, tags={"a": "b"})
    assert (made["name"], made["arn"]) == ("fair", arn)
    bare = batch.create_scheduling_policy(name="bare")["arn"]
    found = batch.describe_scheduling_policies(arns=[bare, arn, arn, f"{arn}s", "fair"])["schedulingPolicies"]
    assert found == [
        {"name": "bare", "arn": bare, "fairsharePolicy": DEFAULTS, "tags": {}},
        {"name": "fair", "arn": arn, "fairsharePolicy": FAIRSHARE, "tags": {"a": "b"}},
    ]
    pages = list(batch.get_paginator("list_scheduling_policies").paginate(PaginationConfig={"PageSize": 1}))
    assert [one["arn"] for page in pages for one in page["schedulingPolicies"]] == [bare, arn]
    batch.tag_resource(resourceArn=arn, tags={"c": "d"})
    batch.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}
    batch.update_scheduling_policy(arn=arn)
    batch.update_scheduling_policy(arn=arn, fairsharePolicy=shares("y"))
    [changed] = batch.describe_scheduling_policies(arns=[arn])["schedulingPolicies"]
    assert changed["fairsharePolicy"] == {**DEFAULTS, **shares("y")}
    for one in (arn, bare, arn):
        batch.delete_scheduling_policy(arn=one)
    assert batch.list_scheduling_policies()["schedulingPolicies"] == []


def test_refusals(batch: Any, account: str) -> None:
    batch.create_scheduling_policy(name="fair")
    with pytest.raises(ClientError, match=r"Object already exists\.") as taken:
        batch.create_scheduling_policy(name="fair")
    assert taken.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    for name in ("with space", "é", "a" * 129, ""):
        with pytest.raises(ClientError, match=r"Scheduling policy name should match a valid pattern\."):
            batch.create_scheduling_policy(name=name)
    elsewhere = f"arn:aws:batch:eu-west-1:{account}:scheduling-policy/fair"
    for missing in (elsewhere, "fair"):
        with pytest.raises(ClientError, match=f"SchedulingPolicy {missing} not found."):
            batch.update_scheduling_policy(arn=missing, fairsharePolicy={})
    with pytest.raises(ClientError, match="Maximum number of arns supported is 100"):
        batch.describe_scheduling_policies(arns=[elsewhere] * 101)
    quota = {"idleResourceAssignmentStrategy": "FIFO"}
    with pytest.raises(ClientError) as unbuilt:
        batch.create_scheduling_policy(name="quota", quotaSharePolicy=quota)
    assert unbuilt.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


PATTERN = "ShareIdentifier name should match a valid pattern."
WEIGHT = "Weight factor should be between 0.0001 and 999.9999."


@pytest.mark.parametrize(
    ("fairshare", "text"),
    [
        ({"shareDecaySeconds": -1}, "Share decay seconds should be between 0 and 604800."),
        ({"shareDecaySeconds": 604801}, "Share decay seconds should be between 0 and 604800."),
        ({"computeReservation": 100}, "Compute reservation should be between 0 and 99."),
        ({"computeReservation": -1}, "Compute reservation should be between 0 and 99."),
        (shares("a b"), PATTERN),
        (shares("a*b"), PATTERN),
        (shares("*"), PATTERN),
        (shares("a" * 256), PATTERN),
        (shares("a", weightFactor=0.00009), WEIGHT),
        (shares("a", weightFactor=1000.0), WEIGHT),
        (shares("a", weightFactor=float("nan")), WEIGHT),
        (shares("a", "a"), "Cannot have two or more identical shareIdentifiers."),
        (shares("UserA1", "UserA*"), "Share identifier UserA1 matches another share identifier UserA*."),
        (shares("UserA*", "User*"), "Share identifier UserA* matches another share identifier User*."),
        (
            shares(*(f"s{number}" for number in range(501))),
            "ShareDistribution size cannot be greater than 500.",
        ),
    ],
)
def test_what_a_policy_may_not_say(fairshare: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError) as refused:
        checked_fairshare(fairshare)
    assert (refused.value.code, refused.value.message) == ("ClientException", text)


@given(
    st.lists(st.from_regex(r"[ab]{1,3}\*?", fullmatch=True), unique=True, max_size=6),
    st.text("ab", min_size=1),
)
def test_at_most_one_entry_of_a_policy_is_about_a_share(identifiers: list[str], share: str) -> None:
    """Where a policy is taken, no share is covered by two entries; where it is refused, some share would be."""

    def covers(entry: str, name: str) -> bool:
        return name.startswith(entry[:-1]) if entry.endswith("*") else name == entry

    overlap = any(
        one != other and other.endswith("*") and covers(other, one.removesuffix("*"))
        for one in identifiers
        for other in identifiers
    )
    try:
        checked_fairshare(shares(*identifiers))
    except ApiError:
        assert overlap
        return
    assert not overlap
    about = [one for one in identifiers if covers(one, share)]
    assert len(about) <= 1
    policy = SchedulingPolicy(weights=tuple((one, 2.0 + index) for index, one in enumerate(identifiers)))
    expected = 2.0 + identifiers.index(about[0]) if about else 1.0
    assert weight_factor(policy, share) == expected
