"""A policy is parsed and compiled once for each of its versions, whoever calls and however often."""

from __future__ import annotations

from typing import Any

import pytest

from batchyard.policy import document
from gateway.raw_requests import allow, policy


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were compiled since the test began."""
    seen: list[str] = []
    compiled = document.grammar.read

    def read(text: str, kind: Any) -> Any:
        seen.append(text)
        return compiled(text, kind)

    monkeypatch.setattr(document.grammar, "read", read)
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
