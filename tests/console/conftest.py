"""The console in a real Chromium: a served process, a browser for all tests, a page of its own for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import client
from journeys.served import Served, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def server() -> Iterator[Served]:
    with served("--ephemeral", "--pace", "0.1") as one:
        yield one


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        yield one
        one.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in a context of its own; an error of the page's script, or a breach of its policy, fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(15_000)
    one = context.new_page()
    wrong: list[str] = []
    one.on("pageerror", lambda error: wrong.append(str(error)))
    one.on(
        "console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None
    )
    yield one
    context.close()
    assert wrong == []


@pytest.fixture
def aws(server: Served, account: str) -> Callable[..., Any]:
    """`aws("batch", region="eu-west-1")`: a boto3 client of the account's root user."""

    def make(service: str, *, region: str = "us-east-1") -> Any:
        return client(server.endpoint, service, access_key=account, region=region)

    return make


@pytest.fixture
def console(server: Served) -> str:
    """The console's address."""
    return f"{server.endpoint}/console"


@pytest.fixture
def as_root(page: Any, console: str, account: str) -> Any:
    """The page, signed in as the account's root user by development credentials."""
    page.goto(f"{console}/")
    page.get_by_text("Root user, by development credentials").click()
    page.get_by_label("Account ID (12 digits)").fill(account)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Dashboard").wait_for()
    return page


@pytest.fixture
def environment(aws: Callable[..., Any]) -> Callable[..., None]:
    """`environment("one", region="eu-west-1")`: a Fargate environment that is VALID."""

    def make(name: str, region: str = "us-east-1") -> None:
        from conftest import wait_for

        ec2, batch = aws("ec2", region=region), aws("batch", region=region)
        batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 16,
                "subnets": [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]],
                "securityGroupIds": [
                    one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]
                ],
            },
        )

        def valid() -> bool:
            found = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
            return bool(found and found[0]["status"] == "VALID")

        wait_for(valid)

    return make
