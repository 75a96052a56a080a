"""The Region of a signature: any of a partition at our address, as SDKs with an endpoint sign; AWS's at its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from batchyard.gateway.signing_scope import signing_region
from gateway.raw_requests import Reply, send, sign, unsigned

REFUSED = ("SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
AWS = Path(sys.executable).with_name("aws")


def ask(endpoint: str, account: str, service: str, *, host: str = "", region: str) -> Reply:
    request = unsigned(endpoint, service)
    if host:
        request = request.with_headers(host=host)
    return send(endpoint, sign(request, service, key=account, region=region))


@pytest.mark.parametrize("service", ["iam", "sts"])
@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-northwest-1", "us-gov-east-1"])
def test_an_unchanged_sdk_with_an_endpoint_signs_with_its_own_region(
    service: str, region: str, endpoint: str, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    signed: list[str] = []
    # boto3's types know services by literal names alone.
    session: Any = boto3.Session()
    made = session.client(
        service, region_name=region, aws_access_key_id=account, aws_secret_access_key="test"
    )
    made.meta.events.register(
        "before-send", lambda request, **_: signed.append(str(request.headers["Authorization"]))
    )
    made.get_caller_identity() if service == "sts" else made.list_users()
    assert f"/{region}/{service}/aws4_request" in signed[0]


def test_the_aws_cli_with_an_endpoint_in_another_region(endpoint: str, account: str) -> None:
    settings = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = subprocess.run(
        [str(AWS), "iam", "list-users"], env={**os.environ, **settings}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", ["iam", "sts"])
@pytest.mark.parametrize("region", ["mars-east-1", "aws-global", "", "*", "eu-west-1 "])
def test_a_region_that_aws_does_not_have(service: str, region: str, endpoint: str, account: str) -> None:
    assert ask(endpoint, account, service, region=region).error(service)[:2] == REFUSED


@pytest.mark.parametrize(
    ("service", "host", "region"),
    [
        ("iam", "iam.amazonaws.com", "us-east-1"),
        ("iam", "IAM.amazonaws.com:443", "us-east-1"),
        ("iam", "iam.global.api.aws", "us-east-1"),
        ("iam", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("iam", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
        ("sts", "sts.amazonaws.com", "us-east-1"),
        ("sts", "sts.eu-west-1.amazonaws.com", "eu-west-1"),
    ],
)
def test_at_an_address_of_awss_the_region_is_the_endpoints(
    service: str, host: str, region: str, endpoint: str, user: Any
) -> None:
    """Recorded: hashicorp/terraform-provider-aws#40319, boto/boto3#2113, namecheap/node-vault-client#70."""
    made = user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    key = {"key": made["key"], "secret": made["secret"]}

    def answered(signed_for: str) -> Reply:
        request = unsigned(endpoint, service).with_headers(host=host)
        return send(endpoint, sign(request, service, region=signed_for, **key))

    right = answered(region)
    if region in ("us-east-1", "eu-west-1"):
        assert right.status == 200, right.body
    else:
        # The key is of another partition; the scope is well.
        assert right.error(service)[0] == "InvalidClientTokenId"
    for wrong in ("ap-southeast-2", "us-west-2"):
        assert answered(wrong).error(service)[:2] == REFUSED


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "batch.example.com",
        "ec2-203-0-113-7.eu-west-1.compute.amazonaws.com:4566",
        "mine-123.eu-west-1.elb.amazonaws.com",
        "sts.amazonaws.com",
        "iam.amazonaws.com.example.com",
        "",
    ],
)
def test_other_addresses_ask_for_no_region(host: str) -> None:
    """Also the name of an instance or a load balancer that this server runs behind."""
    assert signing_region("iam", host) is None
