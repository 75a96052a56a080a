"""Whatever botocore signs verifies; the same with any one byte changed does not."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes, urlencode

import pytest
from botocore import auth
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from batchyard.gateway.sigv4 import AuthenticationFailure, read_claim, verify
from batchyard.wire.http import HttpRequest
from gateway.signing import signed_by_botocore

NOW = datetime(2026, 1, 1, 0, 16, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~"

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)
paths = st.lists(texts, max_size=4).map(lambda parts: "/" + "/".join(quote(part, safe="") for part in parts))
queries = st.lists(st.tuples(texts, texts), max_size=4, unique_by=lambda pair: pair[0]).map(
    lambda pairs: urlencode(pairs, quote_via=quote, safe="-_.~")
)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
headers = st.dictionaries(
    st.sampled_from(["X-Amz-Target", "Content-Type", "Amz-Sdk-Request", "X-Amz-Meta", "Accept"]),
    header_values,
)
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
tokens = st.none() | st.text(UNRESERVED + "/+=", min_size=1, max_size=80)
forms = st.dictionaries(texts, texts, max_size=3)
signers = st.sampled_from([auth.SigV4Auth, auth.SigV4QueryAuth])


@st.composite
def signed_requests(draw: st.DrawFn, signer: type[auth.SigV4Auth] | None = None) -> HttpRequest:
    """A request of any shape, signed by botocore with SECRET at NOW."""
    query = draw(queries)
    signer = signer or draw(signers)
    return signed_by_botocore(
        signer,
        Credentials("AKIDEXAMPLE", SECRET, draw(tokens)),
        service=draw(st.sampled_from(["batch", "iam", "ecs", "ec2"])),
        region=draw(st.sampled_from(["eu-west-1", "cn-north-1", "us-gov-west-1"])),
        at=NOW,
        method=draw(st.sampled_from(["GET", "POST", "DELETE"])),
        url=f"http://127.0.0.1:{draw(st.integers(1, 65535))}{draw(paths)}{'?' + query if query else ''}",
        headers=draw(headers),
        body=draw(forms) if signer is auth.SigV4QueryAuth else draw(st.binary(max_size=60)),
    )


@given(signed_requests())
def test_what_botocore_signs_verifies(http: HttpRequest) -> None:
    claim = read_claim(http)
    verify(claim, http, SECRET, NOW)
    assert claim.access_key_id == "AKIDEXAMPLE"
    assert claim.signed_at == NOW
    assert claim.presigned == ("authorization" not in http.headers)


@given(signed_requests(), st.integers(-900, 900))
def test_it_verifies_within_a_quarter_of_an_hour_either_way(http: HttpRequest, seconds: int) -> None:
    verify(read_claim(http), http, SECRET, NOW + timedelta(seconds=seconds))


@given(signed_requests(), secrets)
def test_it_does_not_verify_with_another_secret(http: HttpRequest, secret: str) -> None:
    assume(secret != SECRET)
    refuse(http, secret)


@given(signed_requests(), st.data())
def test_a_changed_method_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    refuse(dataclasses.replace(http, method=changed(http.method, data)))


@given(signed_requests(), st.data())
def test_a_changed_path_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    assume(len(http.path) > 1)
    path = changed(http.path, data)
    assume(without_empty(path) != without_empty(http.path))
    refuse(dataclasses.replace(http, path=path))


@given(signed_requests(auth.SigV4Auth), st.data())
def test_a_changed_query_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    assume(http.query)
    query = changed(http.query, data)
    assume(meaning(query) != meaning(http.query))
    refuse(dataclasses.replace(http, query=query))


@given(signed_requests(auth.SigV4QueryAuth), st.data())
def test_a_changed_presigned_query_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    query = changed(http.query, data)
    assume(meaning(query) != meaning(http.query))
    refuse(dataclasses.replace(http, query=query))


@given(signed_requests(), st.data())
def test_a_changed_signed_header_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    signed = read_claim(http).signed_headers
    name = data.draw(st.sampled_from([each for each in signed if http.headers[each]]))
    value = changed(http.headers[name], data)
    assume(value.split() != http.headers[name].split())
    refuse(dataclasses.replace(http, headers={**http.headers, name: value}))


@given(signed_requests(), st.data())
def test_a_missing_signed_header_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(read_claim(http).signed_headers))
    refuse(
        dataclasses.replace(http, headers={key: value for key, value in http.headers.items() if key != name})
    )


@given(signed_requests(), st.data())
def test_a_changed_body_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    assume(http.body)
    at = data.draw(st.integers(0, len(http.body) - 1))
    other = http.body[at] ^ data.draw(st.integers(1, 255))
    refuse(dataclasses.replace(http, body=http.body[:at] + bytes([other]) + http.body[at + 1 :]))


@given(signed_requests(), st.binary(min_size=1, max_size=8))
def test_a_longer_body_is_refused(http: HttpRequest, more: bytes) -> None:
    refuse(dataclasses.replace(http, body=http.body + more))


@given(signed_requests(auth.SigV4Auth), st.data())
def test_a_changed_authorization_is_refused(http: HttpRequest, data: st.DataObject) -> None:
    authorization = changed(http.headers["authorization"], data)
    assume(
        authorization.replace(", ", ",").split() != http.headers["authorization"].replace(", ", ",").split()
    )
    altered = dataclasses.replace(http, headers={**http.headers, "authorization": authorization})
    # The key id itself is not signed: another one means another secret.
    refuse(altered, SECRET if "=AKIDEXAMPLE/" in authorization else "other")


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=30))
def test_garbage_is_refused_and_never_breaks(authorization: str, query: str, date: str) -> None:
    for presigned in (False, True):
        given_headers = {"host": "x", "x-amz-date": date}
        if not presigned:
            given_headers["authorization"] = f"AWS4-HMAC-SHA256 {authorization}"
        text = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={query}&X-Amz-Date={date}"
        http = HttpRequest("GET", "/", text if presigned else query, given_headers, b"")
        with pytest.raises(AuthenticationFailure):
            verify(read_claim(http), http, SECRET, NOW)


def refuse(http: HttpRequest, secret: str = SECRET) -> None:
    with pytest.raises(AuthenticationFailure):
        verify(read_claim(http), http, secret, NOW)


def changed(text: str, data: st.DataObject) -> str:
    """`text` with one of its bytes replaced by another printable one."""
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.characters(min_codepoint=33, max_codepoint=126).filter(lambda each: each != text[at])
    )
    return text[:at] + other + text[at + 1 :]


def without_empty(path: str) -> list[str]:
    """What a path means once its dot segments and doubled slashes are gone."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    return [*kept, "/"] if path.endswith("/") and kept else kept


def meaning(query: str) -> list[tuple[bytes, bytes]]:
    """The parameters of a query, as bytes, in order of name and value."""
    pairs = [part.replace("+", " ").partition("=") for part in query.split("&")]
    return sorted((unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pairs)
