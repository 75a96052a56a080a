"""A web page, a rebound name and a proxy's client are strangers, though they come over loopback: nothing changes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from batchyard.config import Settings
from conftest import Serving, client
from gateway.raw_requests import READS, Raw, Reply, send, sign, unsigned
from journeys.served import Served, served
from server.pages import EVIL, IMAGE, PAGE, posted, shown

CONFIRMED = {"x-batchyard-confirm": "yes"}
ROUTES = ("/_batchyard/reset", "/_batchyard/clock?advance=1")
ADVICE = "sign with an access key of IAM (`batchyard init` makes the first)."


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """The default server, but that it keeps nothing; its test clock is open."""
    with served("--ephemeral", "--test-clock") as one:
        yield one


@pytest.fixture
def endpoint(server: Served) -> str:
    return server.endpoint


def asked(endpoint: str, path: str, *, host: str | None = None, **headers: str) -> tuple[int, str]:
    """Status and sentence of a POST to an own route."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = Raw("POST", path, {"host": host or urlsplit(endpoint).netloc, **named}, b"")
    reply = send(endpoint, raw)
    return reply.status, json.loads(reply.body).get("message", "")


def users(endpoint: str, account: str) -> list[str]:
    return [one["UserName"] for one in client(endpoint, "iam", access_key=account).list_users()["Users"]]


def refusal(reply: Reply, service: str) -> str:
    """The sentence of a 403 in the service's protocol."""
    code, message = reply.error(service)
    code_of_denial = {"iam": "AccessDenied", "sts": "AccessDenied", "autoscaling": "AccessDenied"}
    wanted = (
        "UnauthorizedOperation" if service == "ec2" else code_of_denial.get(service, "AccessDeniedException")
    )
    assert (reply.status, code) == (403, wanted)
    return message


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (
            {"origin": EVIL, "sec-fetch-site": "cross-site"},
            f"comes from a web page of {EVIL}. Name its origin",
        ),
        ({"origin": EVIL}, f"comes from a web page of {EVIL}. "),
        ({"origin": "null"}, "comes from a web page of null. "),
        ({"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"}, "of http://127.0.0.1:3000. "),
        ({"origin": "https://{host}"}, "comes from a web page of https://127.0.0.1:"),
        ({"sec-fetch-site": "cross-site"}, "of another origin (Sec-Fetch-Site: cross-site). "),
        ({"sec-fetch-site": "same-site"}, "of another origin (Sec-Fetch-Site: same-site). "),
        ({"host": "evil.example:4566"}, "is for the host evil.example:4566, which is not known"),
        ({"host": "127.0.0.1.evil.example"}, "is for the host 127.0.0.1.evil.example, "),
        ({"host": "192.0.2.1"}, "If it is one, and not a proxy's, name it in the setting `allowed_hosts`."),
        ({"host": "evil.example", "origin": "http://evil.example"}, "is for the host evil.example, "),
        ({"forwarded": "for=203.0.113.9"}, "came through a proxy (forwarded). Ask the server itself"),
        ({"x-forwarded-for": "203.0.113.9"}, "came through a proxy (x-forwarded-for). "),
        ({"x-forwarded-anything": ""}, "came through a proxy (x-forwarded-anything). "),
        ({"x-real-ip": "203.0.113.9"}, "came through a proxy (x-real-ip). "),
        ({"via": "1.1 proxy", "host": "batchyard.example.com"}, "came through a proxy (via). "),
    ],
)
def test_own_routes_that_change_something_refuse_strangers(
    endpoint: str, account: str, path: str, headers: Mapping[str, str], why: str
) -> None:
    """With the header that confirms, and without it, as the finding had it."""
    client(endpoint, "iam", access_key=account).create_user(UserName="ann")
    local = urlsplit(endpoint).netloc
    sent = {"host": local, **{name: value.format(host=local) for name, value in headers.items()}}
    for confirmed in ({}, CONFIRMED):
        reply = send(endpoint, Raw("POST", path, {**sent, **confirmed}, b""))
        assert reply.status == 403
        sentence = json.loads(reply.body)["message"]
        assert sentence.startswith(f"{path.partition('?')[0]} is refused: this request ")
        assert why in sentence
        assert reply.headers.get("access-control-allow-origin") is None
    assert users(endpoint, account) == ["ann"]


@pytest.mark.parametrize("path", ROUTES)
def test_own_routes_that_change_something_want_a_header(endpoint: str, path: str) -> None:
    """A page cannot send it without a preflight, which is not answered."""
    name = path.partition("?")[0]
    assert asked(endpoint, path) == (403, f"{name} takes the header `X-Batchyard-Confirm: yes`")
    assert asked(endpoint, path, x_batchyard_confirm="no")[0] == 403
    preflight = {"origin": EVIL, "access-control-request-method": "POST"}
    reply = send(endpoint, Raw("OPTIONS", path, {"host": urlsplit(endpoint).netloc, **preflight}, b""))
    assert reply.status == 403
    assert not [one for one in reply.headers if one.startswith("access-control-")]


def test_a_program_of_this_machine_resets_and_moves_the_clock(endpoint: str, account: str) -> None:
    client(endpoint, "iam", access_key=account).create_user(UserName="ann")
    for path in (f"/_batchyard/reset?account={account}", "/_batchyard/clock?advance=1"):
        assert asked(endpoint, path, **CONFIRMED) == (200, "")
    assert users(endpoint, account) == []


@pytest.mark.parametrize("host", ["localhost:{}", "LOCALHOST", "[::1]:{}", "127.9.9.9", "batch.localhost:{}",
    "localhost.localstack.cloud:{}", "sts.localhost.localstack.cloud"])  # fmt: skip
def test_names_that_lead_here_are_known(endpoint: str, account: str, host: str) -> None:
    """tflocal and cdklocal use localhost.localstack.cloud and names below it."""
    host = host.format(urlsplit(endpoint).port)
    raw = unsigned(endpoint, "sts").with_headers(host=host)
    assert send(endpoint, sign(raw, "sts", key=account)).status == 200
    assert asked(endpoint, f"/_batchyard/reset?account={account}", host=host, **CONFIRMED)[0] == 200


@pytest.mark.parametrize("service", READS)
@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"origin": EVIL}, f"this request comes from a web page of {EVIL}. Name its origin in the setting "),
        ({"sec-fetch-site": "cross-site"}, "of another origin (Sec-Fetch-Site: cross-site). "),
        ({"host": "evil.example:4566"}, "this request is for the host evil.example:4566, "),
        ({"x-forwarded-for": "203.0.113.9"}, "this request came through a proxy (x-forwarded-for). "),
    ],
)
def test_development_credentials_refuse_strangers_in_each_protocol(
    endpoint: str, account: str, service: str, headers: Mapping[str, str], why: str
) -> None:
    """A read is refused, too: a rebound page would get its answer."""
    raw = unsigned(endpoint, service).with_headers(**headers)
    for key in (account, "test"):
        sentence = refusal(send(endpoint, sign(raw, service, key=key)), service)
        assert sentence.startswith("Development credentials are refused: ")
        assert why in sentence
        assert sentence.endswith(ADVICE)


def test_a_rebound_page_gets_no_key(endpoint: str, account: str) -> None:
    iam = client(endpoint, "iam", access_key=account)
    iam.create_user(UserName="ann")
    raw = unsigned(endpoint, "iam", "CreateAccessKey", {"UserName": "ann"})
    reply = send(endpoint, sign(raw.with_headers(host="evil.example:4566"), "iam", key=account))
    assert "evil.example:4566" in refusal(reply, "iam")
    assert b"Secret" not in reply.body
    assert iam.list_access_keys(UserName="ann")["AccessKeyMetadata"] == []


def test_an_image_changes_nothing(endpoint: str, account: str) -> None:
    """Whatever its browser tells of it: one that knows no Fetch Metadata tells nothing."""
    for headers in (IMAGE, {}, {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}):
        reply = send(
            endpoint,
            shown(endpoint, "iam", "create_user", key=account, UserName="evil").with_headers(**headers),
        )
        assert reply.status == 403
        group = shown(
            endpoint, "ec2", "create_security_group", key=account, GroupName="evil", Description="evil"
        )
        sentence = refusal(send(endpoint, group.with_headers(**headers)), "ec2")
    assert sentence == (
        "Development credentials are refused: this request is presigned, and would change something. Sign it in the "
        "Authorization header, or with an access key of IAM (`batchyard init` makes the first)."
    )
    assert users(endpoint, account) == []
    groups = client(endpoint, "ec2", access_key=account).describe_security_groups()["SecurityGroups"]
    assert [one["GroupName"] for one in groups] == ["default"]


def test_a_presigned_read_stays(endpoint: str, account: str) -> None:
    """It is how others are shown who one is (EKS, Vault); a page cannot read the answer."""
    raw = shown(endpoint, "sts", "get_caller_identity", key=account)
    assert send(endpoint, raw).result("sts", "GetCallerIdentity")["Account"] == account
    assert send(endpoint, raw.with_headers(**IMAGE)).status == 403


def test_a_page_runs_no_command(endpoint: str, account: str, tmp_path: Path) -> None:
    """The whole way from a page to a shell, request by request."""
    batch = client(endpoint, "batch", access_key=account)
    ec2 = client(endpoint, "ec2", access_key=account)
    resources = {
        "type": "FARGATE",
        "maxvCpus": 4,
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    container = {"image": "x", "command": ["sh", "-c", f"id > {tmp_path}/owned"], "resourceRequirements": []}
    steps: list[tuple[str, Any]] = [
        ("createcomputeenvironment", {"computeEnvironmentName": "e", "type": "MANAGED", "computeResources": resources}),
        ("createjobqueue", {"jobQueueName": "q", "priority": 1, "computeEnvironmentOrder": [
            {"order": 1, "computeEnvironment": "e"}]}),
        ("registerjobdefinition", {"jobDefinitionName": "d", "type": "container", "containerProperties": container}),
        ("submitjob", {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}),
    ]  # fmt: skip
    for path, body in steps:
        raw = posted(endpoint, f"/v1/{path}", body, key=account)
        assert EVIL in refusal(send(endpoint, raw.with_headers(**PAGE)), "batch")
        assert "is presigned, and would change" in refusal(send(endpoint, raw), "batch")
    assert batch.describe_compute_environments()["computeEnvironments"] == []
    assert batch.describe_job_definitions()["jobDefinitions"] == []


def test_a_proxy_of_the_old_kind_is_known_by_its_protocol(endpoint: str, account: str) -> None:
    """nginx before 1.29.7, as it comes: HTTP/1.0, the upstream's own name as Host, and no header added."""
    host = urlsplit(endpoint)
    with socket.create_connection((host.hostname, host.port), 10) as one:
        one.sendall(
            f"POST /_batchyard/reset?account={account} HTTP/1.0\r\nHost: {host.netloc}\r\n"
            "X-Batchyard-Confirm: yes\r\nConnection: close\r\n\r\n".encode()
        )
        answer = one.makefile("rb").read()
    assert b" 403 " in answer.split(b"\r\n")[0]
    assert b"came through a proxy (HTTP/1.0)" in answer


def test_behind_a_public_address_nobody_is_root(account: str, tmp_path: Path) -> None:
    """The finding's reproduction: a proxy with TLS beside a server that listens on loopback."""
    url = "https://batchyard.example.com"
    with served(
        "--data-dir", str(tmp_path), "--public-url", url, "--allowed-hosts", "batchyard.example.com"
    ) as one:
        why = "the setting `public_url` names another host (batchyard.example.com), so others may be let in. "
        for host in ("batchyard.example.com", urlsplit(one.endpoint).netloc):
            status, sentence = asked(
                one.endpoint, "/_batchyard/reset", host=host, x_forwarded_for="203.0.113.9", **CONFIRMED
            )
            assert (status, why in sentence) == (403, True)
            raw = sign(unsigned(one.endpoint, "iam").with_headers(host=host), "iam", key=account)
            assert why in refusal(send(one.endpoint, raw), "iam")


def test_a_public_address_of_this_machine_changes_nothing(account: str) -> None:
    one = Serving(Settings(ephemeral=True, port=0, public_url="http://batchyard.localhost:4566"))
    try:
        assert users(one.endpoint, account) == []
        assert asked(one.endpoint, "/_batchyard/reset", **CONFIRMED)[0] == 200
    finally:
        one.close()


def test_with_a_real_key_a_page_is_what_it_is_on_aws(endpoint: str, account: str) -> None:
    """A presigned change, an Origin, a proxy and any Host: the key's holder signed it."""
    iam = client(endpoint, "iam", access_key=account)
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(document))
    held = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    image = shown(endpoint, "iam", "create_user", UserName="bob", **held)
    assert send(endpoint, image.with_headers(**IMAGE)).status == 200
    assert users(endpoint, account) == ["ann", "bob"]
    made = posted(
        endpoint, "/v1/registerjobdefinition", {"jobDefinitionName": "d", "type": "container"}, **held
    )
    assert send(endpoint, made.with_headers(**PAGE)).error("batch")[0] == "ClientException", (
        "it gets as far as its job"
    )
    for headers in (PAGE, {"host": "batchyard.example.com"}, {"x-forwarded-for": "203.0.113.9"}):
        raw = unsigned(endpoint, "iam").with_headers(**headers)
        assert send(endpoint, sign(raw, "iam", **held)).status == 200


def test_a_page_of_the_server_itself_is_no_stranger(endpoint: str, account: str) -> None:
    """The console is of the same origin."""
    for host in (urlsplit(endpoint).netloc, f"console.localhost:{urlsplit(endpoint).port}"):
        own = {
            "host": host,
            "origin": f"http://{host}",
            "sec-fetch-site": "same-origin",
            "sec-fetch-mode": "cors",
        }
        raw = unsigned(endpoint, "iam", "CreateUser", {"UserName": host.partition(":")[0]}).with_headers(
            **own
        )
        assert send(endpoint, sign(raw, "iam", key=account)).status == 200
    assert len(users(endpoint, account)) == 2
    assert asked(endpoint, f"/_batchyard/reset?account={account}", **own, **CONFIRMED)[0] == 200
