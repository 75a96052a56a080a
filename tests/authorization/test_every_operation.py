"""Every built operation, three ways: unsigned, signed without permission, allowed exactly that."""

from __future__ import annotations

import functools
import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from batchyard.gateway.sigv4 import codes
from batchyard.services import load_services
from batchyard.wire import model as wire_model
from conftest import client

CASES = Path(__file__).parent / "cases"
SERVICES = load_services()
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
NO_PERMISSION_NEEDED = {"GetCallerIdentity", "GetSessionToken"}


def _rows() -> list[Any]:
    rows = []
    for path in sorted(CASES.glob("*.json")):
        for index, row in enumerate(json.loads(path.read_text())):
            rows.append(pytest.param(path.stem, row, id=f"{path.stem}-{row['operation']}-{index}"))
    return rows


def _signed_rows() -> list[Any]:
    """The rows of operations that take a signature; the others have tests of their own, by identity provider."""
    rows = []
    for one in _rows():
        service, row = one.values
        entry = SERVICES[service].operations.get(xform_name(row["operation"]))
        if entry is None or entry.unsigned is None:
            rows.append(one)
    return rows


def _filled(value: Any, account: str, caller: str = "") -> Any:
    text = json.dumps(value).replace("{account}", account)
    return json.loads(text.replace("{caller}", caller))


def _call(made: Any, row: Any, account: str) -> ClientError | None:
    operation = row["operation"]
    try:
        answer = getattr(made, xform_name(operation))(**_filled(row["request"], account))
    except ClientError as error:
        return error
    # Of what is authorized one by one, the answer tells each denial.
    denied = [one for one in answer.get("errors", ()) if row.get("one_by_one") and one["code"] in DENIED]
    if not denied:
        return None
    told: Any = {"Code": denied[0]["code"], "Message": denied[0]["message"]}
    return ClientError({"Error": told, "ResponseMetadata": answer["ResponseMetadata"]}, operation)


def _denial(service: str, row: Any, account: str, caller: str) -> str:
    """What a denial says of the row's action and resource, before the reason; EC2 tells no `*`."""
    resource = _filled(row.get("resource", "*"), account, caller)
    where = "" if (service, resource) == ("ec2", "*") else f" on resource: {resource}"
    return f"is not authorized to perform: {row['action']}{where}{'' if row.get('bare') else ' '}"


@functools.cache
def _unsigned(endpoint: str, service: str) -> Any:
    # boto3's types know services by literal names alone.
    session: Any = boto3.Session()
    return session.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        config=Config(
            signature_version=UNSIGNED, retries={"total_max_attempts": 1}, parameter_validation=False
        ),
    )


@pytest.mark.parametrize(("service", "row"), _signed_rows())
def test_an_unsigned_call_is_refused(service: str, row: Any, endpoint: str, account: str) -> None:
    error = _call(_unsigned(endpoint, service), row, account)
    assert error is not None
    code, status = codes("MissingAuthenticationToken", wire_model.load(service).protocol)
    assert error.response["Error"]["Code"] == code
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("service", "row"),
    [one for one in _signed_rows() if one.values[1]["operation"] not in NO_PERMISSION_NEEDED],
)
def test_a_caller_without_permission_is_denied_in_awss_words(
    service: str, row: Any, account: str, user: Callable[..., dict[str, str]], endpoint: str
) -> None:
    nobody = user(None)
    error = _call(client(endpoint, service, access_key=nobody["key"], secret=nobody["secret"]), row, account)
    assert error is not None
    assert error.response["Error"]["Code"] in DENIED
    wanted = f"User: {nobody['arn']} {_denial(service, row, account, nobody['name'])}"
    assert wanted in error.response["Error"]["Message"]


@pytest.mark.parametrize(("service", "row"), _rows())
def test_a_caller_allowed_exactly_that_is_not_denied_that(
    service: str, row: Any, account: str, user: Callable[..., dict[str, str]], endpoint: str
) -> None:
    # A few denials name what is no ARN (`policy path /`): such a row says what to allow instead.
    resource = _filled(row.get("allowed_on", row.get("resource", "*")), account)
    allowed = [{"Effect": "Allow", "Action": row["action"], "Resource": resource}]
    somebody = user({"Version": "2012-10-17", "Statement": allowed}, name=f"user-{secrets.token_hex(4)}")
    error = _call(
        client(endpoint, service, access_key=somebody["key"], secret=somebody["secret"]), row, account
    )
    if "still" in row:
        # What the caller's own policy cannot give: AssumeRole of a role that is not there to trust anybody.
        assert error is not None
        assert error.response["Error"]["Message"].endswith(row["still"])
    elif error is not None and error.response["Error"]["Code"] in DENIED:
        assert _denial(service, row, account, somebody["name"]) not in error.response["Error"]["Message"]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_built_operation_has_a_row_and_a_call(service: str) -> None:
    """A built operation without a row here, or that no test of its service calls, is not built."""
    path = CASES / f"{service}.json"
    rows = {row["operation"] for row in json.loads(path.read_text())} if path.exists() else set()
    model = wire_model.load(service)
    built = {model.by_snake_name(name).name: name for name in SERVICES[service].operations}  # type: ignore[union-attr]
    assert not SERVICES[service].misspelt()
    assert sorted(set(built) - rows) == [], "no authorization row"
    assert sorted(rows - set(built)) == [], "a row for what is not built"
    tests = Path(__file__).parents[1]
    text = "".join(
        one.read_text()
        for folder in (tests / "services" / service, tests / "journeys", tests / "services" / "batch")
        for one in folder.rglob("*.py")
    )
    called = set(re.findall(r"""[."](\w+)[(",]""", text))
    assert [name for name, snake in built.items() if snake not in called] == [], "no test calls it"
