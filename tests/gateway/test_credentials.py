"""Each row of iam-evaluation.md section 8 over a real socket, in every protocol."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from batchyard.app import App
from batchyard.identity.session import Session
from gateway.raw_requests import READS, Reply, send, sign, unsigned

SERVICES = sorted(READS)
INVALID = "The security token included in the request is invalid."
NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
FAMILY = {
    "batch": "rest-json",
    "eks": "rest-json",
    "ecs": "json",
    "logs": "json",
    "cloudtrail": "json",
    "ec2": "ec2",
}


def expected(
    service: str, query: tuple[str, int], json: str, ec2: tuple[str, int], *, json_status: int
) -> tuple[str, int]:
    """What the service's protocol family answers: query's code and status, or JSON's, or EC2's own."""
    family = FAMILY.get(service, "query")
    if family == "query":
        return query
    if family == "ec2":
        return ec2
    return json, 403 if family == "rest-json" else json_status


def answered(reply: Reply, service: str) -> tuple[str, int]:
    assert reply.headers.get("x-amzn-requestid") or reply.headers.get("x-amz-request-id"), reply.headers
    return reply.error(service)[0], reply.status


@pytest.mark.parametrize("service", SERVICES)
def test_a_signed_request_is_answered(service: str, endpoint: str, account: str) -> None:
    reply = send(endpoint, sign(unsigned(endpoint, service), service, key=account))
    assert reply.status == 200, reply.body
    assert "Error" not in reply.result(service, READS[service][0])


@pytest.mark.parametrize("service", SERVICES)
def test_no_signature(service: str, endpoint: str) -> None:
    reply = send(endpoint, unsigned(endpoint, service))
    code = ("MissingAuthenticationToken", 403)
    wanted = expected(service, code, "MissingAuthenticationTokenException", code, json_status=403)
    assert answered(reply, service) == wanted
    assert reply.error(service)[1] == "Request is missing Authentication Token"


@pytest.mark.parametrize("service", SERVICES)
def test_a_malformed_header(service: str, endpoint: str) -> None:
    raw = unsigned(endpoint, service).with_headers(authorization="AWS4-HMAC-SHA256 Odd=1")
    reply = send(endpoint, raw)
    code = ("IncompleteSignature", 400)
    assert answered(reply, service) == expected(
        service, code, "IncompleteSignatureException", code, json_status=400
    )
    assert reply.error(service)[1] == (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter."
        " Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either"
        " a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Odd=1"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_an_unknown_key(service: str, endpoint: str) -> None:
    reply = send(endpoint, sign(unsigned(endpoint, service), service, key="AKIAIOSFODNN7EXAMPLE"))
    wanted = expected(
        service,
        ("InvalidClientTokenId", 403),
        "UnrecognizedClientException",
        ("AuthFailure", 401),
        json_status=400,
    )
    assert answered(reply, service) == wanted
    assert reply.error(service)[1] == (NOT_VALIDATED if service == "ec2" else INVALID)


@pytest.mark.parametrize("service", SERVICES)
def test_a_wrong_secret(service: str, endpoint: str, account: str) -> None:
    reply = send(endpoint, sign(unsigned(endpoint, service), service, key=account, secret="tset"))
    wanted = expected(
        service,
        ("SignatureDoesNotMatch", 403),
        "InvalidSignatureException",
        ("AuthFailure", 401),
        json_status=400,
    )
    assert answered(reply, service) == wanted
    if service != "ec2":
        assert reply.error(service)[1] == (
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
            " Access Key and signing method. Consult the service documentation for details."
        )


@pytest.mark.parametrize("service", SERVICES)
def test_a_signature_too_old(service: str, endpoint: str, account: str) -> None:
    at = datetime.now(UTC) - timedelta(minutes=16)
    reply = send(endpoint, sign(unsigned(endpoint, service), service, key=account, at=at))
    wanted = expected(
        service,
        ("SignatureDoesNotMatch", 403),
        "InvalidSignatureException",
        ("RequestExpired", 400),
        json_status=400,
    )
    assert answered(reply, service) == wanted
    text = r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)"
    assert re.fullmatch("Request has expired\\." if service == "ec2" else text, reply.error(service)[1])


@pytest.mark.parametrize("service", SERVICES)
def test_a_signature_of_the_future(service: str, endpoint: str, account: str) -> None:
    at = datetime.now(UTC) + timedelta(minutes=16)
    reply = send(endpoint, sign(unsigned(endpoint, service), service, key=account, at=at))
    wanted = expected(
        service,
        ("SignatureDoesNotMatch", 403),
        "InvalidSignatureException",
        ("AuthFailure", 401),
        json_status=400,
    )
    assert answered(reply, service) == wanted
    text = r"Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 15 min\.\)"
    assert re.fullmatch(re.escape(NOT_VALIDATED) if service == "ec2" else text, reply.error(service)[1])


@pytest.mark.parametrize("service", SERVICES)
def test_an_expired_session(service: str, endpoint: str, account: str, app: App) -> None:
    given = _temporary(app, account, lived=timedelta(seconds=900), ended=timedelta(seconds=1))
    reply = send(endpoint, sign(unsigned(endpoint, service), service, **given))
    wanted = expected(
        service, ("ExpiredToken", 403), "ExpiredTokenException", ("RequestExpired", 400), json_status=400
    )
    assert answered(reply, service) == wanted
    if service != "ec2":
        assert reply.error(service)[1] == "The security token included in the request is expired"


@pytest.mark.parametrize("service", SERVICES)
def test_a_region_that_nobody_knows(service: str, endpoint: str, account: str) -> None:
    reply = send(endpoint, sign(unsigned(endpoint, service), service, key=account, region="mars-north-1"))
    wanted = expected(
        service,
        ("SignatureDoesNotMatch", 403),
        "InvalidSignatureException",
        ("AuthFailure", 401),
        json_status=400,
    )
    assert answered(reply, service) == wanted
    if service != "ec2":
        assert reply.error(service)[1] == "Credential should be scoped to a valid region. "


@pytest.mark.parametrize("service", SERVICES)
def test_a_deactivated_key_is_unknown(
    service: str, endpoint: str, aws: Any, user: Callable[..., Any]
) -> None:
    made = user(None)
    aws("iam").update_access_key(UserName=made["name"], AccessKeyId=made["key"], Status="Inactive")
    reply = send(endpoint, sign(unsigned(endpoint, service), service, key=made["key"], secret=made["secret"]))
    wanted = expected(
        service,
        ("InvalidClientTokenId", 403),
        "UnrecognizedClientException",
        ("AuthFailure", 401),
        json_status=400,
    )
    assert answered(reply, service) == wanted


def _temporary(app: App, account: str, *, lived: timedelta, ended: timedelta) -> dict[str, Any]:
    """Credentials of the account's root that ended so long ago (a negative `ended`: that end later)."""
    root = Session(
        kind="root",
        partition="aws",
        account=account,
        arn=f"arn:aws:iam::{account}:root",
        principal_id=account,
    )
    expires_at = datetime.now(UTC) - ended
    given = app.sessions.issue_temporary(root, issued_at=expires_at - lived, expires_at=expires_at, mfa=True)
    return {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}


def test_a_token_with_any_byte_changed_is_not_ours(app: App, account: str) -> None:
    token = _temporary(app, account, lived=timedelta(hours=1), ended=timedelta(hours=-1))["token"]
    assert app.sessions.open(token) is not None
    for place, letter in enumerate(token):
        other = token[:place] + chr(ord(letter) ^ 1) + token[place + 1 :]
        assert app.sessions.open(other) is None, place


@settings(max_examples=60)
@given(place=st.integers(0, 1000), length=st.integers(0, 1000), inserted=st.text(max_size=8))
def test_a_token_changed_anyhow_is_not_ours(place: int, length: int, inserted: str, serving: Any) -> None:
    token = _temporary(serving.app, "123456789012", lived=timedelta(hours=1), ended=timedelta(hours=-1))[
        "token"
    ]
    other = token[:place] + inserted + token[place + length :]
    assert (serving.app.sessions.open(other) is None) == (other != token)


def test_credentials_of_a_session_do_not_mix(endpoint: str, account: str, app: App) -> None:
    """The key id, the secret and the token belong together; one of another session is refused."""
    one = _temporary(app, account, lived=timedelta(hours=1), ended=timedelta(hours=-1))
    other = _temporary(app, account, lived=timedelta(hours=1), ended=timedelta(hours=-1))

    def ask(**changed: Any) -> tuple[int, str]:
        reply = send(endpoint, sign(unsigned(endpoint, "iam"), "iam", **{**one, **changed}))
        return reply.status, reply.error("iam")[0]

    assert ask() == (200, "")
    assert ask(key=other["key"]) == (403, "InvalidClientTokenId")
    assert ask(secret=other["secret"]) == (403, "SignatureDoesNotMatch")
    assert ask(token=other["token"]) == (403, "InvalidClientTokenId")
    assert ask(token=None) == (403, "InvalidClientTokenId")
    assert ask(region="cn-north-1") == (403, "InvalidClientTokenId")


def test_a_presigned_request_for_who_am_i_works(endpoint: str, account: str) -> None:
    url = f"{endpoint}/?Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest(method="GET", url=url)
    auth.SigV4QueryAuth(Credentials(account, "test"), "sts", "us-east-1", expires=60).add_auth(request)
    assert request.url is not None
    parts = urlsplit(request.url)
    raw = unsigned(endpoint, "sts")
    presigned = type(raw)("GET", f"/?{parts.query}", {"host": parts.netloc}, b"")
    reply = send(endpoint, presigned)
    assert reply.status == 200, reply.body
    assert reply.result("sts", "GetCallerIdentity")["Arn"] == f"arn:aws:iam::{account}:root"
    spoilt = type(raw)(
        "GET", f"/?{parts.query}".replace("GetCallerIdentity", "GetSessionToken"), raw.headers, b""
    )
    assert send(endpoint, spoilt).error("sts")[0] == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "header",
    [
        "X-Batchyard-Account",
        "X-Amz-Account-Id",
        "X-Forwarded-User",
        "X-Amz-Source-Account",
        "X-Amz-Principal",
    ],
)
def test_no_header_carries_identity(
    header: str, endpoint: str, account: str, user: Callable[..., dict[str, str]]
) -> None:
    """A proxy may add what it wants: the key's holder stays who asked."""
    changed = {header.lower().replace("-", "_"): "111122223333"}
    alone = send(endpoint, unsigned(endpoint, "sts").with_headers(**changed))
    assert alone.error("sts")[0] == "MissingAuthenticationToken"
    ann = user()
    signed = sign(unsigned(endpoint, "sts"), "sts", key=ann["key"], secret=ann["secret"])
    answer = send(endpoint, signed.with_headers(**changed)).result("sts", "GetCallerIdentity")
    assert (answer["Account"], answer["Arn"]) == (account, ann["arn"])


def test_a_body_changed_after_signing_is_refused(endpoint: str, account: str) -> None:
    signed = sign(unsigned(endpoint, "iam", "GetUser", {"UserName": "alice"}), "iam", key=account)
    spoilt = type(signed)(signed.method, signed.path, signed.headers, signed.body.replace(b"alice", b"carol"))
    assert send(endpoint, spoilt).error("iam")[0] == "SignatureDoesNotMatch"
