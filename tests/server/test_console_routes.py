"""The console's own routes, as raw HTTP: its files, sign-in by a password, and the federation endpoint."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from batchyard.clock import wall_now
from batchyard.gateway.console_sessions import TOKEN_SECONDS
from batchyard.gateway.sign_in_failures import MOST_OF_A_USER, WINDOW_SECONDS
from batchyard.server import console, console_files
from batchyard.server.console_files import ConsoleFile
from conftest import client

PASSWORD = "Correct-Horse-9"
INCORRECT = "Your authentication information is incorrect. Please try again."


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(NoRedirect)


def ask(url: str, *, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json", **headers} if data is not None else headers
    try:
        answer = _opener.open(urllib.request.Request(url, data=data, headers=given), timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()


@pytest.fixture
def ann(aws: Callable[..., Any]) -> Any:
    """A user with a password, who may list users, and change the password."""
    iam = aws("iam")
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password=PASSWORD)
    statement = {"Effect": "Allow", "Action": ["iam:ListUsers", "iam:ChangePassword"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document)
    return iam


@pytest.fixture
def sign_in(endpoint: str, account: str) -> Callable[..., tuple[int, Any]]:
    def make(password: str = PASSWORD, *, user: str = "ann", of: str = account, **more: str) -> Any:
        body = {"account": of, "user": user, "password": password, **more}
        status, _, said = ask(f"{endpoint}/console/signin", body=body)
        return status, json.loads(said)

    return make


def by(endpoint: str, said: Any, service: str = "iam") -> Any:
    return client(
        endpoint,
        service,
        access_key=said["accessKeyId"],
        secret=said["secretAccessKey"],
        token=said["sessionToken"],
    )


def test_a_password_signs_in_and_the_session_is_the_users(
    ann: Any, endpoint: str, account: str, sign_in: Any, aws: Any, wait_for: Any
) -> None:
    """The session calls IAM, which GetSessionToken's credentials do not; the sign-in is an event, and a last use."""
    status, said = sign_in()
    assert status == 200
    assert by(endpoint, said, "sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/ann"
    (user,) = by(endpoint, said).list_users()["Users"]
    assert (datetime.now(UTC) - user["PasswordLastUsed"]).total_seconds() < 60
    ann.create_account_alias(AccountAlias=f"team-{account}")
    assert sign_in(of=f"team-{account}")[0] == 200
    found = aws("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}]
    )["Events"]
    record = json.loads(found[0]["CloudTrailEvent"])
    assert record["responseElements"] == {"ConsoleLogin": "Success"}
    assert record["eventSource"] == "signin.amazonaws.com"
    assert record["userIdentity"]["userName"] == "ann"


@pytest.mark.parametrize(
    "wrong", [{"password": "Wrong-Horse-9"}, {"user": "nobody"}, {"of": "no-such-alias"}], ids=str
)
def test_what_is_wrong_is_not_told(ann: Any, sign_in: Any, wrong: Any) -> None:
    assert sign_in(**wrong) == (403, {"code": "AuthenticationFailed", "message": INCORRECT})


def test_a_failure_of_a_user_is_an_event(ann: Any, sign_in: Any, aws: Any) -> None:
    sign_in("Wrong-Horse-9")
    (found,) = aws("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}]
    )["Events"]
    record = json.loads(found["CloudTrailEvent"])
    assert record["errorMessage"] == "Failed authentication"
    assert record["responseElements"] == {"ConsoleLogin": "Failure"}
    assert "Horse" not in found["CloudTrailEvent"]


def test_too_many_failures_wait(ann: Any, sign_in: Any, app: Any, monkeypatch: Any) -> None:
    for _ in range(MOST_OF_A_USER):
        assert sign_in("Wrong-Horse-9")[1]["code"] == "AuthenticationFailed"
    assert sign_in()[1]["code"] == "TooManyAttempts"
    now = app.clock.monotonic
    monkeypatch.setattr(app.clock, "monotonic", lambda: now() + WINDOW_SECONDS)
    assert sign_in()[0] == 200


def test_a_user_with_a_device_gives_its_code(ann: Any, endpoint: str, sign_in: Any) -> None:
    device = ann.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    generator = TOTP(base64.b32decode(device["Base32StringSeed"]), 6, SHA1(), 30)
    now = int(datetime.now(UTC).timestamp())
    first, second, third = (generator.generate(now + step * 30).decode() for step in (-1, 0, 1))
    ann.enable_mfa_device(
        UserName="ann",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=first,
        AuthenticationCode2=second,
    )
    assert sign_in()[1]["code"] == "MfaRequired"
    assert sign_in(mfaCode="000000")[1]["message"] == INCORRECT
    status, said = sign_in(mfaCode=third)
    assert status == 200
    assert by(endpoint, said).list_users()["Users"]
    assert sign_in(mfaCode=third)[1]["message"] == INCORRECT


def test_a_password_that_must_be_changed(ann: Any, sign_in: Any) -> None:
    """It is changed by iam:ChangePassword, so the account's policy and the user's permissions count."""
    ann.update_login_profile(UserName="ann", PasswordResetRequired=True)
    assert sign_in()[1]["code"] == "PasswordChangeRequired"
    assert sign_in(newPassword="short")[1]["code"] == "PasswordPolicyViolation"
    assert sign_in(newPassword="Another-Horse-9")[0] == 200
    assert sign_in("Another-Horse-9")[0] == 200
    ann.delete_user_policy(UserName="ann", PolicyName="own")
    ann.update_login_profile(UserName="ann", PasswordResetRequired=True)
    assert sign_in("Another-Horse-9", newPassword="Third-Horse-9")[1]["code"] == "AccessDenied"


def test_a_session_ends_with_the_user(ann: Any, endpoint: str, sign_in: Any) -> None:
    _, said = sign_in()
    ann.delete_user_policy(UserName="ann", PolicyName="own")
    ann.delete_login_profile(UserName="ann")
    ann.delete_user(UserName="ann")
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        by(endpoint, said, "sts").get_caller_identity()


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), ({"account": 1}, 400), ({"account": "a"}, 400)]
)
def test_malformed_sign_ins(endpoint: str, body: Any, status: int) -> None:
    assert ask(f"{endpoint}/console/signin", body=body)[0] == status


def test_a_form_of_another_page_signs_nobody_in(endpoint: str) -> None:
    """A page's form can send no JSON, and a script of another origin would have to ask for leave."""
    status, _, _ = ask(f"{endpoint}/console/signin", body=b"{}", **{"content-type": "text/plain"})
    assert status == 415
    assert ask(f"{endpoint}/console/signin")[0] == 405


class TestFederation:
    """AWS's endpoint for custom identity brokers, by its own parameters."""

    @pytest.fixture
    def token_of(self, endpoint: str) -> Callable[..., tuple[int, Any]]:
        def make(key: str, secret: str = "test", token: str = "", **more: str) -> Any:
            session = {"sessionId": key, "sessionKey": secret, "sessionToken": token}
            query = urlencode({"Action": "getSigninToken", "Session": json.dumps(session), **more})
            status, _, said = ask(f"{endpoint}/federation?{query}")
            return status, json.loads(said)

        return make

    def redeem(self, endpoint: str, token: str) -> tuple[int, Any]:
        status, _, said = ask(f"{endpoint}/console/federation", body={"token": token})
        return status, json.loads(said)

    def test_temporary_credentials_are_carried_into_the_console_once(
        self, aws: Any, endpoint: str, account: str, token_of: Any
    ) -> None:
        made = aws("sts").get_federation_token(Name="bob", DurationSeconds=900)["Credentials"]
        status, said = token_of(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        assert status == 200
        destination = "https://console.aws.amazon.com/console/batch/jobs?region=eu-west-1"
        query = {"Action": "login", "Issuer": "x", "Destination": destination, **said}
        status, headers, _ = ask(f"{endpoint}/federation?{urlencode(query)}")
        assert (status, headers["cache-control"]) == (302, "no-store")
        where = urlsplit(headers["location"])
        assert (where.netloc, where.path, where.query) == ("", "/console/batch/jobs", "region=eu-west-1")
        token = parse_qs(where.fragment)["SigninToken"][0]
        status, credentials = self.redeem(endpoint, token)
        assert status == 200
        assert credentials["sessionToken"] == made["SessionToken"]
        assert credentials["expiresAt"] == int(made["Expiration"].timestamp() * 1000)
        assert self.redeem(endpoint, token)[1]["code"] == "InvalidSigninToken"

    def test_an_access_key_gets_a_session_of_its_user(self, ann: Any, endpoint: str, token_of: Any) -> None:
        key = ann.create_access_key(UserName="ann")["AccessKey"]
        _, said = token_of(key["AccessKeyId"], key["SecretAccessKey"])
        status, credentials = self.redeem(endpoint, said["SigninToken"])
        assert status == 200
        assert by(endpoint, credentials).list_users()["Users"]

    def test_a_token_is_too_old_after_a_minute(
        self, account: str, endpoint: str, token_of: Any, monkeypatch: Any
    ) -> None:
        _, said = token_of(account)
        later = wall_now() + timedelta(seconds=TOKEN_SECONDS + 1)
        monkeypatch.setattr("batchyard.gateway.console_sessions.wall_now", lambda: later)
        assert self.redeem(endpoint, said["SigninToken"])[1]["code"] == "InvalidSigninToken"

    def test_wrong_credentials_get_no_token(self, account: str, token_of: Any) -> None:
        assert token_of(account, "wrong")[0] == 400
        assert token_of("AKIAIOSFODNN7EXAMPLE", "wrong")[0] == 400
        assert token_of(account, "test", "no token")[0] == 400

    @pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"X-Forwarded-For": "1.2.3.4"}])
    def test_development_credentials_are_not_a_strangers(
        self, endpoint: str, account: str, headers: dict[str, str]
    ) -> None:
        session = json.dumps({"sessionId": account, "sessionKey": "test"})
        query = urlencode({"Action": "getSigninToken", "Session": session})
        status, _, said = ask(f"{endpoint}/federation?{query}", **headers)
        assert (status, json.loads(said)["code"]) == (400, "AccessDenied")

    @pytest.mark.parametrize(
        "query", ["", "Action=other", "Action=getSigninToken", "Action=getSigninToken&Session=%5B1%5D"]
    )
    def test_malformed_requests(self, endpoint: str, query: str) -> None:
        assert ask(f"{endpoint}/federation?{query}")[0] == 400

    @pytest.mark.parametrize("seconds", ["899", "43201", "x"])
    def test_a_duration_has_bounds(self, account: str, token_of: Any, seconds: str) -> None:
        assert token_of(account, SessionDuration=seconds)[0] == 400

    @pytest.mark.parametrize(
        ("destination", "path"),
        [
            ("https://evil.example/", "/console/"),
            ("//evil.example", "/console/"),
            ("https://evil.example/console/iam/roles", "/console/iam/roles"),
            ("/console/\r\nx: y", "/console/%0D%0Ax:%20y"),
            ("", "/console/"),
        ],
    )
    def test_a_destination_stays_here(self, endpoint: str, destination: str, path: str) -> None:
        query = urlencode({"Action": "login", "Destination": destination, "SigninToken": "t"})
        _, headers, _ = ask(f"{endpoint}/federation?{query}")
        assert headers["location"] == f"{path}#SigninToken=t"


class TestFiles:
    """Built files by a fixed table; every other path below is a page of the console."""

    @pytest.fixture(autouse=True)
    def _built(self, monkeypatch: Any) -> None:
        script = ConsoleFile("text/javascript", b"let a", b"packed", '"e"', True)
        files = {"index.html": ConsoleFile("text/html", b"<html>", b"p", '"i"', False), "assets/a.js": script}
        monkeypatch.setattr(console, "console_files", lambda: files)

    def test_every_answer_has_the_policy(self, endpoint: str) -> None:
        for path in (
            "/console/",
            "/console/iam/roles",
            "/console/assets/a.js",
            "/console/about.json",
            "/console",
        ):
            _, headers, _ = ask(f"{endpoint}{path}")
            policy = headers["content-security-policy"]
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"

    def test_files_and_pages(self, endpoint: str) -> None:
        assert ask(f"{endpoint}/console/iam/roles")[2] == b"<html>"
        status, headers, body = ask(f"{endpoint}/console/assets/a.js")
        assert (status, body, headers["cache-control"]) == (
            200,
            b"let a",
            "public, max-age=31536000, immutable",
        )
        _, headers, body = ask(f"{endpoint}/console/assets/a.js", **{"accept-encoding": "gzip"})
        assert (headers["content-encoding"], body) == ("gzip", b"packed")
        assert ask(f"{endpoint}/console/assets/a.js", **{"if-none-match": '"e"'})[0] == 304
        assert ask(f"{endpoint}/console/assets/none.js")[0] == 404
        assert ask(f"{endpoint}/console")[1]["location"] == "/console/"

    @pytest.mark.parametrize("path", ["../app.py", "..%2fapp.py", "assets/../../app.py", "%2e%2e/app.py"])
    def test_no_path_leads_out(self, endpoint: str, path: str) -> None:
        _, _, body = ask(f"{endpoint}/console/{path}")
        assert b"import" not in body


def test_without_the_built_files_the_server_says_how(endpoint: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(console, "console_files", dict)
    status, headers, body = ask(f"{endpoint}/console/")
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"make console" in body


def test_about_tells_partitions_and_whether_development_credentials_work(endpoint: str) -> None:
    said = json.loads(ask(f"{endpoint}/console/about.json")[2])
    assert said["developmentCredentials"] is True
    assert {one["name"]: len(one["regions"]) > 1 for one in said["partitions"]} == {
        "aws": True,
        "aws-cn": True,
        "aws-us-gov": True,
    }


def test_built_files_are_read_once_with_their_types(tmp_path: Any, monkeypatch: Any) -> None:
    folder = tmp_path / "console_files" / "assets"
    folder.mkdir(parents=True)
    (folder / "a.js").write_text("let a")
    (folder.parent / "index.html").write_text("<html>")
    monkeypatch.setattr(console_files, "files", lambda _: tmp_path)
    found = console_files.console_files.__wrapped__()
    assert found["assets/a.js"].content_type == "text/javascript; charset=utf-8"
    assert found["assets/a.js"].hashed
    assert not found["index.html"].hashed
