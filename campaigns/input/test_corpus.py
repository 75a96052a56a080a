"""Requests that once were answered with a 500, or might be: what they are answered with instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.raw_requests import Reply, send, sign, unsigned

CORPUS = Path(__file__).parents[2] / "tests" / "corpus" / "input"


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{index}-{case['operation']}")
        for path in sorted(CORPUS.glob("*.json"))
        for index, case in enumerate(json.loads(path.read_text()))
    ]


def _call(endpoint: str, account: str, service: str, operation: str, request: Any) -> Reply:
    filled = json.loads(json.dumps(request).replace("{account}", account))
    return send(endpoint, sign(unsigned(endpoint, service, operation, filled), service, key=account))


@pytest.mark.parametrize("case", _cases())
def test_it_is_refused_in_awss_words(endpoint: str, account: str, case: Any) -> None:
    for given in case.get("given", ()):
        assert _call(endpoint, account, *given).status == 200, given
    service = case["service"]
    reply = _call(endpoint, account, service, case["operation"], case["request"])
    assert (reply.status, reply.error(service)[0]) == (case["status"], case["code"]), (case, reply.body)
