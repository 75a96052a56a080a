"""The code and status of each authentication failure, by protocol (iam-evaluation.md section 8)."""

from __future__ import annotations

import pytest

from batchyard.gateway.sigv4 import AuthenticationFailure, codes, text_for
from batchyard.gateway.sigv4_claim import Kind


@pytest.mark.parametrize(
    ("kind", "query", "json", "rest_json"),
    [
        (
            "MissingAuthenticationToken",
            ("MissingAuthenticationToken", 403),
            ("MissingAuthenticationTokenException", 403),
            ("MissingAuthenticationTokenException", 403),
        ),
        (
            "IncompleteSignature",
            ("IncompleteSignature", 400),
            ("IncompleteSignatureException", 400),
            ("IncompleteSignatureException", 403),
        ),
        (
            "InvalidClientTokenId",
            ("InvalidClientTokenId", 403),
            ("UnrecognizedClientException", 400),
            ("UnrecognizedClientException", 403),
        ),
        (
            "SignatureDoesNotMatch",
            ("SignatureDoesNotMatch", 403),
            ("InvalidSignatureException", 400),
            ("InvalidSignatureException", 403),
        ),
        (
            "SignatureExpired",
            ("SignatureDoesNotMatch", 403),
            ("InvalidSignatureException", 400),
            ("InvalidSignatureException", 403),
        ),
        (
            "SignatureNotYetCurrent",
            ("SignatureDoesNotMatch", 403),
            ("InvalidSignatureException", 400),
            ("InvalidSignatureException", 403),
        ),
        (
            "ExpiredToken",
            ("ExpiredToken", 403),
            ("ExpiredTokenException", 400),
            ("ExpiredTokenException", 403),
        ),
    ],
)
def test_a_failure_has_its_code_in_each_protocol(
    kind: Kind, query: tuple[str, int], json: tuple[str, int], rest_json: tuple[str, int]
) -> None:
    assert codes(kind, "query") == query
    assert codes(kind, "json") == json
    assert codes(kind, "rest-json") == rest_json
    failure = AuthenticationFailure(kind, "its own words")
    assert {text_for(failure, protocol) for protocol in ("query", "json", "rest-json")} == {"its own words"}


@pytest.mark.parametrize(
    ("kind", "code", "status", "text"),
    [
        ("MissingAuthenticationToken", "MissingAuthenticationToken", 403, "its own words"),
        ("IncompleteSignature", "IncompleteSignature", 400, "its own words"),
        (
            "InvalidClientTokenId",
            "AuthFailure",
            401,
            "AWS was not able to validate the provided access credentials",
        ),
        (
            "SignatureDoesNotMatch",
            "AuthFailure",
            401,
            "AWS was not able to validate the provided access credentials",
        ),
        ("SignatureExpired", "RequestExpired", 400, "Request has expired."),
        ("ExpiredToken", "RequestExpired", 400, "Request has expired."),
    ],
)
def test_ec2_has_words_of_its_own(kind: Kind, code: str, status: int, text: str) -> None:
    assert codes(kind, "ec2") == (code, status)
    assert text_for(AuthenticationFailure(kind, "its own words"), "ec2") == text
