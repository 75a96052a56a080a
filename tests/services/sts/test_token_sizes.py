"""How long session tokens are: told by each answer, and at least what the request asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.sts.conftest import allow, document, trusting

Call = Callable[..., Any]


def test_answers_tell_the_size_of_the_token(user: Call, role: Call, as_: Call, account: str) -> None:
    arn = role("acting", trusting({"AWS": account}))["Arn"]
    sts = as_(user(document(allow("sts:*"))))
    calls: list[tuple[Call, dict[str, Any]]] = [
        (sts.assume_role, {"RoleArn": arn, "RoleSessionName": "work"}),
        (sts.get_federation_token, {"Name": "ada"}),
        (sts.get_session_token, {}),
    ]
    for call, request in calls:
        answer = call(**request)
        size = answer["SessionTokenSize"]
        assert size == len(answer["Credentials"]["SessionToken"])
        assert answer["SessionTokenUtilization"] == -(-100 * size // 4096)
        assert call(**request, MinimumSessionTokenSize=0)["SessionTokenSize"] < size + 40
        for least in (size - 100, 4000, 4096):
            longer = call(**request, MinimumSessionTokenSize=least)
            assert longer["SessionTokenSize"] == len(longer["Credentials"]["SessionToken"])
            assert least <= longer["SessionTokenSize"] < max(least, size) + 40
        assert longer["SessionTokenUtilization"] == 100
        assert as_(longer["Credentials"]).get_caller_identity()["Account"] == account
