"""Who signs in, what they may see, and how a session ends."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from batchyard.cli import run
from console.marks import CONSOLE
from journeys.served import Served

pytestmark = CONSOLE
PASSWORD = "Correct-Horse-9"


@pytest.fixture
def reader(aws: Callable[..., Any]) -> Any:
    """A user who may read IAM and Batch, and nothing else."""
    iam = aws("iam")
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password=PASSWORD)
    actions = ["iam:List*", "iam:Get*", "iam:Generate*", "batch:Describe*", "batch:List*"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="ann", PolicyName="read", PolicyDocument=document)
    return iam


def sign_in(page: Any, console: str, account: str, password: str = PASSWORD) -> None:
    page.goto(f"{console}/")
    page.get_by_label("Account ID (12 digits) or account alias").fill(account)
    page.get_by_label("IAM user name").fill("ann")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_who_may_only_read_is_shown_the_denial(
    page: Any, console: str, account: str, reader: Any, environment: Callable[..., None]
) -> None:
    """In AWS's words, with the request id; and a page that is denied whole says so, too."""
    environment("one")
    sign_in(page, console, account, "Wrong-Horse-9")
    page.get_by_text("Your authentication information is incorrect. Please try again.").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Dashboard").wait_for()
    page.goto(f"{console}/batch/compute-environments")
    page.get_by_role("row").filter(has_text="one").get_by_role("radio").check()
    page.get_by_role("button", name="Disable", exact=True).click()
    told = page.get_by_text(f"User: arn:aws:iam::{account}:user/ann is not authorized to perform")
    told.filter(has_text="batch:UpdateComputeEnvironment").filter(has_text="request id").first.wait_for()
    page.goto(f"{console}/cloudtrail/events")
    page.get_by_text("You don't have permissions").wait_for()
    page.get_by_text("cloudtrail:LookupEvents").wait_for()
    page.get_by_text("Request ID:").wait_for()


def test_a_device_is_asked_for_and_sign_out_leaves_nothing(
    page: Any, console: str, account: str, reader: Any
) -> None:
    device = reader.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    generator = TOTP(base64.b32decode(device["Base32StringSeed"]), 6, SHA1(), 30)
    now = int(datetime.now(UTC).timestamp())
    first, second, third = (generator.generate(now + step * 30).decode() for step in (-1, 0, 1))
    reader.enable_mfa_device(
        UserName="ann",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=first,
        AuthenticationCode2=second,
    )
    sign_in(page, console, account)
    page.get_by_label("MFA code").fill(third)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Dashboard").wait_for()
    page.get_by_role("button", name=f"ann @ {account}").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("heading", name="Sign in to Batchyard").wait_for()
    assert page.evaluate("sessionStorage.getItem('batchyard.session')") is None
    page.reload()
    page.get_by_role("heading", name="Sign in to Batchyard").wait_for()


def test_a_session_that_is_over_asks_to_sign_in_again(
    page: Any, console: str, account: str, reader: Any
) -> None:
    sign_in(page, console, account)
    page.get_by_role("heading", name="Dashboard").wait_for()
    reader.delete_user_policy(UserName="ann", PolicyName="read")
    reader.delete_login_profile(UserName="ann")
    reader.delete_user(UserName="ann")
    page.goto(f"{console}/iam/roles")
    page.get_by_text("Your session has ended. Sign in again.").wait_for()


def test_the_command_line_opens_a_browser_that_is_signed_in(
    page: Any, server: Served, account: str, capsys: Any, monkeypatch: Any
) -> None:
    """The token leaves the address at once, and signs nobody in a second time."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    assert run(["console", "--print", "--page", "iam/users", "--endpoint-url", server.endpoint]) == 0
    address = capsys.readouterr().out.strip()
    page.goto(address)
    page.get_by_role("heading", name="Users").wait_for()
    assert "SigninToken" not in page.url
    page.get_by_role("button", name=f"root @ {account}").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.goto(address)
    page.get_by_text("was used before").wait_for()


def test_a_role_is_switched_to_and_back(as_root: Any, account: str, aws: Callable[..., Any]) -> None:
    page = as_root
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    iam = aws("iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document)
    iam.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AWSBatchFullAccess")
    iam.create_user(UserName="boss")
    iam.attach_user_policy(UserName="boss", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="boss")["AccessKey"]
    page.get_by_role("button", name=f"root @ {account}").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_text("Access key", exact=True).click()
    page.get_by_label("Access key ID").fill(key["AccessKeyId"])
    page.get_by_label("Secret access key").fill(key["SecretAccessKey"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=f"boss @ {account}").click()
    page.get_by_role("menuitem", name="Switch role").click()
    page.get_by_label("IAM role name").fill("reader")
    page.get_by_role("dialog").get_by_role("button", name="Switch role").click()
    page.get_by_role("button", name=f"reader/boss @ {account}").click()
    page.get_by_role("menuitem", name="Switch back").click()
    page.get_by_role("button", name=f"boss @ {account}").wait_for()
