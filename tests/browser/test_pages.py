"""What a page of another origin gets done in a real browser: with the settings that allow it, and without them.

What a page may send, and which headers the browser adds, is here the browser's own doing; tests/server/ has the same as
raw HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from browser.chromium import CHROMIUM, opened
from browser.evil_site import Site, serving
from conftest import client
from gateway.raw_requests import Raw, sign, unsigned
from journeys.served import Served, served
from server.pages import posted, shown

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium"),
]
NAME = "evil.example"
DEFINITION = {
    "type": "container",
    "containerProperties": {
        "image": "x",
        "command": ["id"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
    },
}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as one:
        yield one


class Attack:
    """A page that tries everything on a server, with what everybody knows of it and with a key that leaked."""

    def __init__(self, server: Served, account: str) -> None:
        self.endpoint, self.account = server.endpoint, account
        self.iam = client(server.endpoint, "iam", access_key=account)
        self.batch = client(server.endpoint, "batch", access_key=account)
        self.iam.create_user(UserName="ann")
        key = self.iam.create_access_key(UserName="ann")["AccessKey"]
        self.held = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        self.iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(policy))

    def users(self) -> set[str]:
        return {one["UserName"] for one in self.iam.list_users()["Users"]}

    def definitions(self) -> set[str]:
        return {one["jobDefinitionName"] for one in self.batch.describe_job_definitions()["jobDefinitions"]}

    def tries(self, rebound: str) -> list[dict[str, Any]]:
        """In this order; `rebound` is the host whose name leads to the server by then."""
        here = self.endpoint
        known = {"key": self.account}
        return [
            {"name": "image", "image": _url(here, shown(here, "iam", "create_user", UserName="image", **known))},
            {"name": "image by a key", "image": _url(
                here, shown(here, "iam", "create_user", UserName="image-by-a-key", **self.held))},
            self._simple("simple", **known),
            self._simple("simple-by-a-key", **self.held),
            {"name": "signed", "url": here, "options": self._signed("signed", urlsplit(here).netloc)},
            {"name": "rebound", "url": f"http://{rebound}", "options": self._signed("rebound", rebound)},
            {"name": "rebound key", "url": f"http://{rebound}", "options": self._signed(
                "ann", rebound, operation="CreateAccessKey")},
            self._reset("simple reset", here, {"mode": "no-cors"}),
        ]  # fmt: skip

    def resets(self, rebound: str) -> list[dict[str, Any]]:
        confirmed = {"headers": {"X-Batchyard-Confirm": "yes"}}
        return [
            self._reset("rebound reset", f"http://{rebound}", confirmed),
            self._reset("reset", self.endpoint, confirmed),
        ]

    def _reset(self, name: str, where: str, options: dict[str, Any]) -> dict[str, Any]:
        url = f"{where}/_batchyard/reset?account={self.account}"
        return {"name": name, "url": url, "options": {"method": "POST", **options}}

    def _simple(self, name: str, *, key: str, secret: str = "test") -> dict[str, Any]:
        body = {"jobDefinitionName": name, **DEFINITION}
        raw = posted(self.endpoint, "/v1/registerjobdefinition", body, key=key, secret=secret)
        options = {"method": "POST", "mode": "no-cors", "body": raw.body.decode()}
        return {"name": name, "url": _url(self.endpoint, raw), "options": options}

    def _signed(self, user: str, host: str, *, operation: str = "CreateUser") -> dict[str, Any]:
        raw = unsigned(self.endpoint, "iam", operation, {"UserName": user}).with_headers(host=host)
        signed = sign(raw, "iam", key=self.account)
        headers = {
            name: value for name, value in signed.headers.items() if name not in ("host", "content-length")
        }
        return {"method": "POST", "headers": headers, "body": signed.body.decode()}


def _url(endpoint: str, raw: Raw) -> str:
    return endpoint + raw.path


def seen(site: Site, server: Served, tries: list[dict[str, Any]]) -> dict[str, str]:
    """What a page saw that was opened at the name, and tried this after the name was turned to the server."""
    site.tries = tries
    site.turning.aim(site.port, urlsplit(server.endpoint).port or 0)
    with opened(f"http://{NAME}:{site.turning.port}/", names={NAME: "127.0.0.1"}):
        return site.reports.get(timeout=60)


def test_a_page_changes_nothing(site: Site, account: str) -> None:
    """Only what a leaked key signed is done, as on AWS: so the browser does send what it is asked to send."""
    rebound = f"{NAME}:{site.turning.port}"
    with served("--ephemeral") as server:
        attack = Attack(server, account)
        outcomes = seen(site, server, attack.tries(rebound) + attack.resets(rebound))
        assert attack.users() == {"ann", "image-by-a-key"}
        assert attack.definitions() == {"simple-by-a-key"}
        assert len(attack.iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]) == 1
    for name in ("simple", "simple-by-a-key", "simple reset"):
        assert outcomes[name] == "sent"
    for name in ("signed", "reset"):
        assert outcomes[name].startswith("kept back: TypeError"), "the preflight was not answered"
    for name in ("rebound", "rebound key", "rebound reset"):
        assert outcomes[name].startswith("403 "), (
            "the page may read it, as it thinks that the server is its own"
        )
        assert f"is for the host {rebound}, which is not known" in outcomes[name]


def test_the_same_page_is_let_in_by_the_settings(site: Site, account: str) -> None:
    """So the page does what it says; presigned changes and a reset without its header are refused even then."""
    rebound = f"{NAME}:{site.turning.port}"
    origin = f"http://{rebound}"
    with served("--ephemeral", "--allowed-hosts", NAME, "--allowed-origins", origin) as server:
        attack = Attack(server, account)
        outcomes = seen(site, server, attack.tries(rebound))
        assert attack.users() == {"ann", "image-by-a-key", "signed", "rebound"}
        assert attack.definitions() == {"simple-by-a-key"}
        assert "<SecretAccessKey>" in outcomes["rebound key"]
        for number in range(2):
            reset = seen(site, server, [attack.resets(rebound)[number]])
            assert list(reset.values()) == [f'200 {{"reset":"{account}"}}']
            assert attack.users() == set()
            attack.iam.create_user(UserName="ann")
