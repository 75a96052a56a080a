"""Signatures in time and out of it, malformed ones, and the words they are refused with."""

from __future__ import annotations

import dataclasses
import hmac
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore import auth
from botocore.credentials import Credentials

from batchyard.gateway import sigv4
from batchyard.gateway.sigv4 import (
    AuthenticationFailure,
    SigningKeys,
    read_claim,
    verify,
    verify_against_nothing,
)
from batchyard.wire.http import HttpRequest
from gateway.signing import signed_by_botocore

SIGNED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)
SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def signed(service: str = "batch", **arguments: object) -> HttpRequest:
    return signed_by_botocore(
        auth.SigV4Auth,
        Credentials("AKIDEXAMPLE", SECRET),
        service=service,
        region="eu-west-1",
        at=SIGNED_AT,
        **arguments,  # type: ignore[arg-type]
    )


def presigned(
    service: str,
    *,
    expires: int = 3600,
    token: str | None = None,
    signer: type[auth.SigV4QueryAuth] = auth.SigV4QueryAuth,
    **more: object,
) -> HttpRequest:
    class Presigner(signer):  # type: ignore[misc, valid-type]
        def __init__(self, credentials: Credentials, service_name: str, region_name: str) -> None:
            super().__init__(credentials, service_name, region_name, expires=expires)

    return signed_by_botocore(
        Presigner,
        Credentials("AKIDEXAMPLE", SECRET, token),
        service=service,
        region="us-east-1",
        at=SIGNED_AT,
        method="GET",
        **more,  # type: ignore[arg-type]
    )


def refusal(http: HttpRequest, *, now: datetime = SIGNED_AT, secret: str = SECRET) -> AuthenticationFailure:
    with pytest.raises(AuthenticationFailure) as caught:
        verify(read_claim(http), http, secret, now)
    return caught.value


def with_headers(http: HttpRequest, **headers: str | None) -> HttpRequest:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    merged = {**http.headers, **given}
    return dataclasses.replace(
        http, headers={name: value for name, value in merged.items() if value is not None}
    )


# --- what a claim says


def test_a_header_says_who_signed_what() -> None:
    claim = read_claim(signed())
    assert (claim.access_key_id, claim.date, claim.region, claim.service) == (
        "AKIDEXAMPLE",
        "20260101",
        "eu-west-1",
        "batch",
    )
    assert claim.signed_headers == ("host", "x-amz-date")
    assert (claim.signed_at, claim.timestamp) == (SIGNED_AT, "20260101T000000Z")
    assert (claim.session_token, claim.expires_seconds, claim.presigned) == (None, None, False)


def test_a_presigned_request_says_it_in_its_query() -> None:
    claim = read_claim(presigned("sts", expires=60, token="a/token+=", url="http://127.0.0.1/?Action=X"))
    assert (claim.access_key_id, claim.service, claim.session_token) == ("AKIDEXAMPLE", "sts", "a/token+=")
    assert (claim.expires_seconds, claim.presigned) == (60, True)


def test_a_date_header_serves_where_there_is_no_x_amz_date() -> None:
    http = signed(headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT"})
    assert "x-amz-date" not in http.headers
    verify(read_claim(http), http, SECRET, SIGNED_AT)
    assert read_claim(http).timestamp == "20260101T000000Z"


def test_a_date_header_may_be_in_another_zone() -> None:
    http = signed(headers={"Date": format_datetime(SIGNED_AT)})
    elsewhere = with_headers(http, date="Thu, 01 Jan 2026 02:00:00 +0200")
    assert read_claim(elsewhere).timestamp == "20260101T000000Z"
    assert refusal(elsewhere).message == NO_MATCH, "the header itself is signed, letter by letter"


# --- in time and out of it


@pytest.mark.parametrize("seconds", [0, 900, -900])
def test_a_quarter_of_an_hour_either_way_is_in_time(seconds: int) -> None:
    http = signed()
    verify(read_claim(http), http, SECRET, SIGNED_AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("secret", [SECRET, "another"])
def test_an_old_signature_has_expired(secret: str) -> None:
    failure = refusal(signed(), now=SIGNED_AT + timedelta(minutes=16), secret=secret)
    assert failure.kind == "SignatureExpired"
    assert failure.message == (
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000100Z (20260101T001600Z - 15 min.)"
    )


def test_a_signature_of_the_future_is_not_yet_current() -> None:
    failure = refusal(signed(), now=SIGNED_AT - timedelta(minutes=16))
    assert failure.kind == "SignatureNotYetCurrent"
    assert failure.message == (
        "Signature not yet current: 20260101T000000Z is still later than 20251231T235900Z "
        "(20251231T234400Z + 15 min.)"
    )


def test_a_presigned_request_holds_as_long_as_it_says() -> None:
    http = presigned("iam", expires=3600)
    verify(read_claim(http), http, SECRET, SIGNED_AT + timedelta(seconds=3600))
    failure = refusal(http, now=SIGNED_AT + timedelta(seconds=3601))
    assert failure.message.endswith("is now earlier than 20260101T000001Z (20260101T010001Z - 60 min.)")
    assert refusal(http, now=SIGNED_AT - timedelta(seconds=901)).kind == "SignatureNotYetCurrent"


def test_sts_holds_every_presigned_request_for_a_quarter_of_an_hour() -> None:
    for expires in (60, 3600):
        http = presigned("sts", expires=expires)
        verify(read_claim(http), http, SECRET, SIGNED_AT + timedelta(seconds=900))
        assert refusal(http, now=SIGNED_AT + timedelta(seconds=901)).kind == "SignatureExpired"


# --- the body


def test_a_presigned_post_signs_its_body() -> None:
    http = presigned("iam", url="http://127.0.0.1/?Action=ListUsers")
    assert refusal(dataclasses.replace(http, body=b"Action=DeleteUser")).message == NO_MATCH


def test_a_declared_hash_must_be_the_bodys() -> None:
    http = signed(headers={"X-Amz-Content-SHA256": SHA256_OF_NOTHING})
    verify(read_claim(http), http, SECRET, SIGNED_AT)
    other = dataclasses.replace(http, body=b"other")
    assert refusal(other).message == NO_MATCH


@pytest.mark.parametrize("service", ["iam", "sts", "batch"])
def test_an_unsigned_payload_is_s3s_alone(service: str) -> None:
    """Also presigned, with the header that says so or as S3's signer signs, with any body or with none."""
    unsigned = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    for http in (
        presigned(service, headers=dict(unsigned)),
        presigned(service, signer=auth.S3SigV4QueryAuth),
        presigned(service, signer=auth.S3SigV4QueryAuth, headers=dict(unsigned)),
    ):
        assert refusal(http).message == NO_MATCH
        assert refusal(dataclasses.replace(http, body=b"any body")).message == NO_MATCH
    assert refusal(signed(service, headers=dict(unsigned))).message == NO_MATCH
    plain = presigned(service)
    verify(read_claim(plain), plain, SECRET, SIGNED_AT)


# --- host, path, query


def test_another_host_or_port_does_not_match() -> None:
    http = signed(url="http://localhost:4566/")
    verify(read_claim(http), http, SECRET, SIGNED_AT)
    for host in ("localhost:4567", "localhost", "127.0.0.1:4566"):
        assert refusal(with_headers(http, host=host)).message == NO_MATCH


def test_an_encoded_path_is_encoded_once_more() -> None:
    http = signed(url="http://127.0.0.1/v1/tags/arn%3Aaws%3Abatch%3Aeu-west-1%3A1%3Ajob%2Fx")
    assert http.path == "/v1/tags/arn%3Aaws%3Abatch%3Aeu-west-1%3A1%3Ajob%2Fx"
    verify(read_claim(http), http, SECRET, SIGNED_AT)
    decoded = dataclasses.replace(http, path="/v1/tags/arn:aws:batch:eu-west-1:1:job/x")
    assert refusal(decoded).message == NO_MATCH


@pytest.mark.parametrize("query", ["a=b%2Fc&d=%20", "a=b/c&d=+", "d=%20&a=b%2fc", "a=%62%2Fc&d=%20"])
def test_a_query_may_be_spelt_in_several_ways(query: str) -> None:
    http = dataclasses.replace(signed(url="http://127.0.0.1/?a=b%2Fc&d=%20"), query=query)
    verify(read_claim(http), http, SECRET, SIGNED_AT)


# --- malformed


def test_no_credentials_at_all() -> None:
    for query in ("", "Action=ListUsers", "Action=X-Amz-Algorithm"):
        http = HttpRequest("GET", "/", query, {"host": "x"}, b"")
        failure = refusal(http)
        assert failure.kind == "MissingAuthenticationToken"
        assert failure.message == "Request is missing Authentication Token"


def test_an_empty_authorization_names_all_it_lacks() -> None:
    http = HttpRequest("GET", "/", "", {"host": "x", "authorization": "AWS4-HMAC-SHA256 "}, b"")
    failure = refusal(http)
    assert failure.kind == "IncompleteSignature"
    assert failure.message == (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
        "parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires "
        "existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 "
    )


@pytest.mark.parametrize("name", ["Credential", "Signature", "SignedHeaders"])
def test_an_authorization_names_the_one_it_lacks(name: str) -> None:
    http = signed()
    value = http.headers["authorization"].replace(f"{name}=", f"X{name}=")
    failure = refusal(with_headers(http, authorization=value))
    assert failure.kind == "IncompleteSignature"
    assert failure.message == f"Authorization header requires '{name}' parameter. Authorization={value}"


@pytest.mark.parametrize("name", ["Credential", "Signature", "SignedHeaders", "Date"])
def test_a_presigned_request_names_the_one_it_lacks(name: str) -> None:
    http = presigned("iam")
    failure = refusal(dataclasses.replace(http, query=http.query.replace(f"X-Amz-{name}=", "X-Else=")))
    assert failure.kind == "IncompleteSignature"
    assert f"'X-Amz-{name}'" in failure.message


@pytest.mark.parametrize(
    ("authorization", "words"),
    [
        ("Bearer abc", "missing equal-sign"),
        ("Basic Credential=x", "Unsupported AWS 'algorithm': 'Basic'."),
        ("AWS4-ECDSA-P256-SHA256 Credential=x", "'AWS4-ECDSA-P256-SHA256'"),
    ],
)
def test_another_scheme_is_refused(authorization: str, words: str) -> None:
    failure = refusal(with_headers(signed(), authorization=authorization))
    assert failure.kind == "IncompleteSignature"
    assert words in failure.message


@pytest.mark.parametrize(
    ("before", "after", "kind", "message"),
    [
        (
            "AKIDEXAMPLE/",
            "AK/ID/",
            "IncompleteSignature",
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            "got 'AK/ID/20260101/eu-west-1/batch/aws4_request'",
        ),
        (
            "aws4_request",
            "aws5_request",
            "SignatureDoesNotMatch",
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
        ),
        (
            "/20260101/",
            "/20260102/",
            "SignatureDoesNotMatch",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            "'20260102' != '20260101', from '20260101T000000Z'.",
        ),
        (
            "host;x-amz-date",
            "x-amz-date",
            "SignatureDoesNotMatch",
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
    ],
)
def test_a_scope_that_no_signature_fits(before: str, after: str, kind: str, message: str) -> None:
    http = signed()
    authorization = http.headers["authorization"]
    assert before in authorization
    failure = refusal(with_headers(http, authorization=authorization.replace(before, after)))
    assert (failure.kind, failure.message) == (kind, message)


def test_the_operation_of_a_json_request_must_be_signed() -> None:
    failure = refusal(with_headers(signed(), x_amz_target="AmazonEC2ContainerServiceV20141113.DeleteCluster"))
    assert failure.message == "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."


@pytest.mark.parametrize(
    "text", ["yesterday", "20261301T000000Z", "2026-01-01T00:00:00Z", "20260101T000000", "٢٠260101T000000Z"]
)
def test_a_date_must_be_one(text: str) -> None:
    for http in (with_headers(signed(), x_amz_date=text), with_headers(signed(), x_amz_date=None, date=text)):
        failure = refusal(http)
        assert failure.kind in ("IncompleteSignature", "SignatureDoesNotMatch")
        if failure.kind == "IncompleteSignature":
            assert failure.message == (
                f"Date must be in ISO-8601 'basic format'. Got '{text}'. "
                "See http://en.wikipedia.org/wiki/ISO_8601"
            )


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "soon", "²", "9" * 5000])
def test_an_expiry_must_be_within_a_week(expires: str) -> None:
    http = presigned("iam")
    query = http.query.replace("X-Amz-Expires=3600", f"X-Amz-Expires={expires}")
    assert refusal(dataclasses.replace(http, query=query)).kind == "IncompleteSignature"


# --- keys


def test_an_unknown_key_does_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    digests: list[bytes] = []
    original = hmac.digest

    def counted(key: bytes, message: bytes, name: str) -> bytes:
        digests.append(message)
        return original(key, message, name)

    monkeypatch.setattr(sigv4, "_known", SigningKeys())
    monkeypatch.setattr(sigv4, "_unknown", SigningKeys())
    monkeypatch.setattr(hmac, "digest", counted)
    http = signed()
    for _ in range(2):
        digests.clear()
        refusal(http, secret="wrong")
        wrong = list(digests)
        digests.clear()
        verify_against_nothing(read_claim(http), http, SIGNED_AT)
        assert digests == wrong


def test_an_unknown_key_out_of_time_is_told_so() -> None:
    http = signed()
    with pytest.raises(AuthenticationFailure, match="Signature expired"):
        verify_against_nothing(read_claim(http), http, SIGNED_AT + timedelta(hours=1))


def test_signing_keys_forget_the_least_recently_used() -> None:
    keys = SigningKeys(size=2)
    first = keys.find("one", "20260101", "eu-west-1", "batch")
    keys.find("two", "20260101", "eu-west-1", "batch")
    keys.find("one", "20260101", "eu-west-1", "batch")
    keys.find("three", "20260101", "eu-west-1", "batch")
    assert len(keys) == 2
    assert keys.find("one", "20260101", "eu-west-1", "batch") is first
    assert keys.find("one", "20260102", "eu-west-1", "batch") != first
