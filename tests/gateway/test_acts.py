"""Acts of several calls, and calls carried on within a write: the steps are those of a call that comes alone."""

from __future__ import annotations

from typing import Any

import pytest

from batchyard import ids
from batchyard.framework.errors import AccessDenied, ApiError, NotBuilt
from batchyard.gateway.sessions import root_session
from batchyard.identity.session import Call, Origin, Session
from conftest import Serving, wait_for


@pytest.fixture
def root(serving: Serving, account: str) -> Session:
    return root_session("aws", account, "", serving.app.runtime.epochs.of(account))


def call(service: str, operation: str, **request: Any) -> Call:
    return Call(service, operation, request, "us-east-1", Origin(request_id=ids.uuid4()))


def test_a_sequence_sees_what_came_before_and_each_call_has_its_event(
    serving: Serving, root: Session, aws: Any
) -> None:
    outcomes = serving.app.gateway.act(
        root,
        [
            call("iam", "CreateUser", UserName="ann"),
            call("iam", "CreateGroup", GroupName="crew"),
            call("iam", "AddUserToGroup", UserName="ann", GroupName="crew"),
            call("iam", "GetGroup", GroupName="crew"),
        ],
    )
    assert not [one for one in outcomes if isinstance(one, Exception)]
    answer: Any = outcomes[3]
    assert [user["UserName"] for user in answer["Users"]] == ["ann"]
    assert [user["UserName"] for user in aws("iam").get_group(GroupName="crew")["Users"]] == ["ann"]
    made = {"CreateUser", "CreateGroup", "AddUserToGroup", "GetGroup"}
    wait_for(lambda: made <= {event["EventName"] for event in aws("cloudtrail").lookup_events()["Events"]})


def test_a_sequence_ends_at_the_first_that_fails_and_keeps_what_came_before(
    serving: Serving, root: Session, aws: Any
) -> None:
    outcomes = serving.app.gateway.act(
        root,
        [
            call("iam", "CreateUser", UserName="ann"),
            call("iam", "CreateUser", UserName="ann"),
            call("iam", "CreateUser", UserName="bob"),
        ],
    )
    assert len(outcomes) == 2
    assert isinstance(outcomes[1], ApiError)
    assert outcomes[1].code == "EntityAlreadyExists"
    assert [user["UserName"] for user in aws("iam").list_users()["Users"]] == ["ann"]


def test_each_call_of_a_sequence_is_validated_and_authorized(
    serving: Serving, root: Session, user: Any, account: str
) -> None:
    invalid = serving.app.gateway.act(
        root, [call("iam", "ListUsers"), call("iam", "CreateUser", UserName="a/b")]
    )
    assert isinstance(invalid[1], ApiError)
    assert invalid[1].code == "ValidationError"
    made = user()
    with serving.app.store.read() as tx:
        name = serving.app.identities.find_access_key(tx, made["key"])
    assert name is not None
    powerless = Session(
        "user", "aws", account, name.user_arn, name.user_id, epoch=root.epoch, name=name.user_name
    )
    denied = serving.app.gateway.act(powerless, [call("iam", "ListUsers"), call("iam", "ListGroups")])
    assert len(denied) == 1
    assert isinstance(denied[0], AccessDenied)


def test_what_is_not_built_ends_a_sequence_and_an_empty_one_is_nothing(
    serving: Serving, root: Session
) -> None:
    outcomes = serving.app.gateway.act(root, [call("iam", "ListUsers"), call("iam", "AcquireRole")])
    assert isinstance(outcomes[1], NotBuilt)
    assert serving.app.gateway.act(root, []) == []


def test_a_session_of_before_a_reset_writes_nothing(serving: Serving, account: str, aws: Any) -> None:
    late = root_session("aws", account, "", serving.app.runtime.epochs.of(account) - 1)
    for calls in (
        [call("iam", "CreateUser", UserName="ann")],
        [call("iam", "CreateUser", UserName="ann")] * 2,
    ):
        outcome = serving.app.gateway.act(late, calls)[0]
        assert isinstance(outcome, ApiError)
    assert aws("iam").list_users()["Users"] == []
