"""AWS's own Signature Version 4 vectors, from botocore's source distribution."""

from __future__ import annotations

import importlib.metadata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batchyard.gateway.sigv4 import AuthenticationFailure, read_claim, verify
from batchyard.wire.http import HttpRequest

ROOT = Path(__file__).parents[2]
SUITE = (
    ROOT
    / ".cache"
    / f"botocore-{importlib.metadata.version('botocore')}"
    / "tests"
    / "unit"
    / "auth"
    / "aws4_testsuite"
)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SIGNED_AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
VECTORS = sorted(str(path.parent.relative_to(SUITE)) for path in SUITE.rglob("*.sreq"))


def read_vector(name: str) -> HttpRequest:
    """The signed request of a vector; its bytes are read as a server reads them, as latin-1.

    The signature is of the `.authz` file, which botocore too compares with: that in the `.sreq` file of
    get-vanilla-with-session-token is get-vanilla's.
    """
    text = next((SUITE / name).glob("*.sreq")).read_bytes().decode("latin-1").replace("\r\n", "\n")
    head, _, body = text.partition("\n\n")
    request_line, *lines = head.split("\n")
    method, target = request_line.removesuffix(" HTTP/1.1").split(" ", 1)
    headers: dict[str, str] = {}
    name_before = ""
    for line in lines:
        if line.startswith((" ", "\t")):
            headers[name_before] += f" {line.strip()}"
            continue
        field, _, value = line.partition(":")
        name_before = field.lower()
        headers[name_before] = (
            f"{headers[name_before]},{value.strip()}" if name_before in headers else value.strip()
        )
    headers["authorization"] = next((SUITE / name).glob("*.authz")).read_text().strip()
    path, _, query = target.partition("?")
    return HttpRequest(method, path, query, headers, body.encode("latin-1"))


def test_the_suite_is_there() -> None:
    assert len(VECTORS) == 34, f"run `make setup`: botocore's source distribution is not in {SUITE}"


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_verifies(name: str) -> None:
    http = read_vector(name)
    verify(read_claim(http), http, SECRET, SIGNED_AT)


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_does_not_verify_with_another_secret(name: str) -> None:
    http = read_vector(name)
    with pytest.raises(AuthenticationFailure, match="we calculated does not match"):
        verify(read_claim(http), http, SECRET + "x", SIGNED_AT)
