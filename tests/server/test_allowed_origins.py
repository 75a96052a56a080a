"""Pages, hosts and proxies that the settings name: CORS, further names of this machine, aws:SourceIp."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from conftest import Serving, client
from gateway.raw_requests import Raw, send, sign, unsigned
from journeys.served import Served, served
from server.pages import EVIL, IMAGE, shown

APP = "http://localhost:3000"
OTHER = "https://app.example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    allowed = f"{APP},{OTHER}"
    with served(
        "--ephemeral", "--allowed-origins", allowed, "--allowed-hosts", "host.docker.internal,batchyard",
        "--trusted-proxies", "127.0.0.1,10.0.0.0/8",
    ) as one:  # fmt: skip
        yield one


@pytest.fixture
def endpoint(server: Served) -> str:
    return server.endpoint


@pytest.mark.parametrize("origin", [APP, OTHER])
def test_an_sdk_in_a_page_of_an_allowed_origin_works(endpoint: str, account: str, origin: str) -> None:
    """First the browser asks what the page may send, then the page may read the answer, refusals, too."""
    page = {"origin": origin, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    asks = {
        "host": urlsplit(endpoint).netloc,
        **page,
        "access-control-request-method": "POST",
        "access-control-request-headers": "amz-sdk-request,authorization,x-amz-date,x-amz-user-agent",
        "access-control-request-private-network": "true",
    }
    preflight = send(endpoint, Raw("OPTIONS", "/v1/describejobqueues", asks, b""))
    assert (preflight.status, preflight.body) == (200, b"")
    assert {
        name: value for name, value in preflight.headers.items() if name.startswith("access-control-")
    } == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": asks["access-control-request-headers"],
        "access-control-expose-headers": "x-amzn-requestid, x-amzn-errortype, x-amzn-query-error",
        "access-control-max-age": "600",
        "access-control-allow-private-network": "true",
    }
    for operation, status in (("DescribeJobQueues", 200), ("CreateJobQueue", 400)):
        raw = unsigned(endpoint, "batch", operation, {}).with_headers(**page)
        reply = send(endpoint, sign(raw, "batch", key=account))
        assert reply.status == status
        assert reply.headers["access-control-allow-origin"] == origin
        assert reply.headers["vary"] == "Origin"
        exposed = reply.headers["access-control-expose-headers"].split(", ")
        assert "x-amzn-requestid" in exposed
        assert {one for one in reply.headers if one.startswith("x-amzn-")} <= set(exposed)
    confirmed = Raw(
        "POST",
        f"/_batchyard/reset?account={account}",
        {"host": asks["host"], "x-batchyard-confirm": "yes", **page},
        b"",
    )
    assert send(endpoint, confirmed).status == 200


@pytest.mark.parametrize(
    "origin", [EVIL, "null", "https://localhost:3000", f"{APP}.evil.example", f"{APP},{OTHER}"]
)
def test_pages_of_other_origins_get_no_cors(endpoint: str, account: str, origin: str) -> None:
    headers = {"origin": origin, "access-control-request-method": "POST", "host": urlsplit(endpoint).netloc}
    replies = [send(endpoint, Raw("OPTIONS", path, headers, b"")) for path in ("/", "/_batchyard/reset")]
    raw = unsigned(endpoint, "batch").with_headers(origin=origin)
    replies.append(send(endpoint, sign(raw, "batch", key=account)))
    for reply in replies:
        assert reply.status == 403
        assert not [name for name in reply.headers if name.startswith("access-control-")]


def test_an_image_on_an_allowed_page_changes_nothing_either(endpoint: str, account: str) -> None:
    image = shown(endpoint, "iam", "create_user", key=account, UserName="evil")
    assert send(endpoint, image.with_headers(**IMAGE)).status == 403
    assert send(endpoint, image.with_headers(origin=APP)).status == 403
    assert client(endpoint, "iam", access_key=account).list_users()["Users"] == []


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("host.docker.internal:{}", 200),
        ("Host.Docker.Internal", 200),
        ("batchyard", 200),
        ("x.batchyard", 403),
        ("batchyard.evil.example", 403),
        ("batchyard:4566@evil.example", 403),
    ],
)
def test_allowed_hosts_are_names_of_this_machine(endpoint: str, account: str, host: str, status: int) -> None:
    """A container reaches the server under a name that its network gave."""
    host = host.format(urlsplit(endpoint).port)
    raw = unsigned(endpoint, "sts").with_headers(host=host)
    assert send(endpoint, sign(raw, "sts", key=account)).status == status


def test_the_source_is_the_last_hop_that_is_no_trusted_proxy(endpoint: str, account: str) -> None:
    """aws:SourceIp and the audit; a hop that the client wrote itself stands further left."""
    iam = client(endpoint, "iam", access_key=account)
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    here = {"IpAddress": {"aws:SourceIp": "203.0.113.9/32"}, "Bool": {"aws:SecureTransport": "true"}}
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": here}]}  # fmt: skip
    iam.put_user_policy(UserName="ann", PolicyName="here", PolicyDocument=json.dumps(document))

    def asked(**headers: str) -> int:
        raw = unsigned(endpoint, "iam").with_headers(host="batchyard.example.com", **headers)
        return send(endpoint, sign(raw, "iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])).status

    tls = {"x_forwarded_proto": "https"}
    assert asked(x_forwarded_for="203.0.113.9", **tls) == 200
    assert asked(x_forwarded_for="198.51.100.7, 203.0.113.9, 10.1.2.3", **tls) == 200
    assert asked(x_forwarded_for="203.0.113.9", x_forwarded_proto="http") == 403
    assert asked(x_forwarded_for="203.0.113.9, 198.51.100.7", **tls) == 403
    assert asked(x_forwarded_for="203.0.113.9, unknown", **tls) == 403
    assert asked(**tls) == 403


def test_without_trusted_proxies_the_source_is_the_proxys(serving: Serving, account: str) -> None:
    iam = client(serving.endpoint, "iam", access_key=account)
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    for network, status in (("203.0.113.9/32", 403), ("127.0.0.1/32", 200)):
        here = {"IpAddress": {"aws:SourceIp": network}}
        document = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": here}]}  # fmt: skip
        iam.put_user_policy(UserName="ann", PolicyName="here", PolicyDocument=json.dumps(document))
        raw = unsigned(serving.endpoint, "iam").with_headers(x_forwarded_for="203.0.113.9")
        signed = sign(raw, "iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        assert send(serving.endpoint, signed).status == status
