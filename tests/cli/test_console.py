"""`batchyard console`: the address that signs a browser in as the command line is."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from batchyard.cli import run


def test_the_address_signs_in_as_the_environment_does(
    endpoint: str, account: str, aws: Callable[..., Any], capsys: Any, monkeypatch: Any
) -> None:
    iam = aws("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    assert run(["console", "--print", "--page", "iam/roles"]) == 0
    address = capsys.readouterr().out.strip()
    assert key["SecretAccessKey"] not in address
    query = parse_qs(urlsplit(address).query)
    assert query["Destination"] == ["/console/iam/roles"]
    body = json.dumps({"token": query["SigninToken"][0]}).encode()
    request = urllib.request.Request(
        f"{endpoint}/console/federation", data=body, headers={"content-type": "application/json"}
    )
    said = json.load(urllib.request.urlopen(request, timeout=10))
    assert said["sessionToken"]


def test_refusals(endpoint: str, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert run(["console", "--print", "--endpoint-url", endpoint]) != 0
    assert "security token" in capsys.readouterr().err
    assert run(["console", "--print", "--endpoint-url", "http://127.0.0.1:9"]) != 0
    assert "batchyard serve" in capsys.readouterr().err
