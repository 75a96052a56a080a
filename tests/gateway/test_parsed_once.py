"""A policy is parsed and compiled once for each of its versions, whoever calls and however often."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from batchyard.app import App
from batchyard.framework.effort import LIGHT, MOST_PREPARED
from batchyard.gateway.act import Opener
from batchyard.identity.session import Call, Session
from batchyard.policy import grammar, weight
from batchyard.policy.kept_policies import KeptPolicies
from batchyard.services.iam.policies import principal_policies
from gateway.raw_requests import allow, policy

SHORT = allow("batch:Describe*", Sid="Short")


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were compiled since the test began."""
    seen: list[str] = []
    compiled = grammar.read

    def read(text: str, kind: Any) -> Any:
        seen.append(text)
        return compiled(text, kind)

    monkeypatch.setattr(grammar, "read", read)
    return seen


def test_calls_do_not_parse_again(
    aws: Any, user: Any, sign_in: Any, role: Any, session_of: Any, parsed: list[str]
) -> None:
    iam = aws("iam")
    made = user(policy(allow("batch:Describe*"), allow("ecs:List*", Sid="Parsed")))
    limits = policy(allow("batch:*", Sid="Limits"))
    session = session_of(role("worker", policy(allow("batch:*", Sid="Works"))), Policy=limits)
    clients = [sign_in("batch", made), sign_in("batch", session)]
    for one in clients:
        one.describe_job_queues()
    parsed.clear()
    for one in clients * 5:
        one.describe_job_queues()
        one.describe_compute_environments()
    assert parsed == []
    changed = policy(allow("batch:Describe*", Sid="Anew"))
    iam.put_user_policy(UserName=made["name"], PolicyName="inline", PolicyDocument=changed)
    for _ in range(5):
        clients[0].describe_job_queues()
    # Once to check what came in, once to compile it for those who ask.
    assert len([text for text in parsed if text == changed]) <= 2


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch, parsed: list[str]) -> list[int]:
    """How many documents were parsed when a call was begun, or begun again; none is kept from before the test."""
    begun: list[int] = []
    opened = Opener.open

    def open(self: Opener, session: Any, call: Call, *more: Any) -> Any:
        if call.operation == "DescribeJobQueues":
            begun.append(len(parsed))
        return opened(self, session, call, *more)

    monkeypatch.setattr(Opener, "open", open)
    monkeypatch.setattr(principal_policies, "_KEPT", KeptPolicies(2_000_000))
    return begun


@pytest.fixture
def made(aws: Any, user: Any, parsed: list[str], rounds: list[int]) -> dict[str, Any]:
    """A user in a group that has as many managed policies as may be, each as long as may be."""
    iam = aws("iam")
    made: dict[str, Any] = user(policy(SHORT))
    iam.create_group(GroupName="long")
    iam.add_user_to_group(GroupName="long", UserName=made["name"])
    for number in range(10):
        long = policy(allow(["s3:*x"] * 740, Sid=f"n{number}"))
        arn = iam.create_policy(PolicyName=f"p{number}", PolicyDocument=long)["Policy"]["Arn"]
        iam.attach_group_policy(GroupName="long", PolicyArn=arn)
    parsed.clear()
    return made


def test_many_long_policies_are_parsed_over_several_turns(
    sign_in: Any, made: dict[str, Any], parsed: list[str], rounds: list[int]
) -> None:
    batch = sign_in("batch", made)
    assert batch.describe_job_queues()["jobQueues"] == []
    assert len(parsed) == len(set(parsed)) == 11
    assert len(rounds) == 3
    spent = [sum(map(weight.parsing, parsed[slice(*pair)])) for pair in pairwise([*rounds, len(parsed)])]
    assert spent[0] <= LIGHT
    assert max(spent) <= MOST_PREPARED
    batch.describe_job_queues()
    assert len(parsed) == 11


def test_what_is_kept_is_bounded_by_its_length() -> None:
    """Of three documents two fit; the one that was not asked for longest goes."""
    documents = [policy(allow([f"s3:Get{number}"] * 10)) for number in range(3)]
    kept = KeptPolicies(2 * len(documents[0]))
    costs: list[float] = []
    first, second, third = documents
    for document in (first, second, first, third, first, third, second):
        kept.parsed(document, "identity", costs.append)
    assert len(costs) == 4


def test_a_controller_does_not_wait_for_turns(
    app: App, account: str, made: dict[str, Any], parsed: list[str], rounds: list[int]
) -> None:
    with app.store.read() as tx:
        key = app.identities.find_access_key(tx, made["key"])
    assert key is not None
    session = Session(
        kind="user",
        partition="aws",
        account=account,
        arn=key.user_arn,
        principal_id=key.user_id,
        epoch=app.runtime.epochs.of(account),
    )
    app.gateway.invoke(session, Call("batch", "DescribeJobQueues", {}, "us-east-1"))
    assert (rounds, len(parsed)) == ([0], 11)
