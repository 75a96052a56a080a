"""What a running task asks for: its task role's credentials, by its token, and what it is, by its secret address."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from batchyard.framework.errors import ApiError
from batchyard.framework.workloads import CREDENTIALS_ROOT, METADATA_ROOT, Door, NoCredentials, Workloads
from batchyard.server.asgi import Answer
from batchyard.server.strangers import is_browsers
from batchyard.wire.http import HttpRequest, HttpResponse

_log = logging.getLogger(__name__)

FindDoor = Callable[[str], Door | None]
"""The door of the task with this id; None where no such task runs."""

_INVALID_ID = "InvalidIdInRequest"
_NO_CREDENTIALS = "NoCredentialsAssociated"
"""Codes of the ECS agent (aws/amazon-ecs-agent, handlers); which status goes with which is a [guess] where a token is
asked for: the agent's own address has none.
"""


def task_routes(find: FindDoor, workloads: Workloads) -> dict[str, Answer]:
    """The routes by their roots. They are for programs: a request that a browser made is refused."""

    def on_credentials(http: HttpRequest) -> HttpResponse:
        refused = _refusal(http)
        if refused is not None:
            return refused
        door = find(http.path.removeprefix(CREDENTIALS_ROOT))
        if door is None:
            return _error(404, _INVALID_ID, "CredentialsRequest: ID not found")
        if not _is_same(http.headers.get("authorization", ""), door.token):
            return _error(
                401, _INVALID_ID, "CredentialsRequest: the Authorization header is not the task's token"
            )
        return _credentials(door, workloads)

    def on_metadata(http: HttpRequest) -> HttpResponse:
        refused = _refusal(http)
        if refused is not None:
            return refused
        identity, _, rest = http.path.removeprefix(METADATA_ROOT).partition("/")
        secret, _, wanted = rest.partition("/")
        door = find(identity)
        container = None if door is None else _container_of(door, secret)
        if door is None or container is None:
            return _error(404, _INVALID_ID, "MetadataRequest: ID not found")
        if wanted in ("stats", "task/stats"):
            return _error(501, "NotImplemented", "Batchyard does not support the statistics of tasks yet")
        if wanted not in ("", "task"):
            return _error(404, _INVALID_ID, "MetadataRequest: nothing is here")
        return _json(200, door.task if wanted else container)

    return {CREDENTIALS_ROOT: on_credentials, METADATA_ROOT: on_metadata}


def _container_of(door: Door, given: str) -> Mapping[str, Any] | None:
    found = [container for secret, container in door.containers.items() if _is_same(given, secret)]
    return found[0] if found else None


def _credentials(door: Door, workloads: Workloads) -> HttpResponse:
    """In ECS's shape (ECS developer guide, "Task IAM role": what the credentials' address answers)."""
    try:
        credentials = workloads.credentials(door.workload)
    except NoCredentials:
        return _error(404, _NO_CREDENTIALS, "CredentialsRequest: no credentials associated with this ID")
    except ApiError as error:
        _log.info("task %s gets no credentials: %s", door.workload.name, error)
        return _error(403, _NO_CREDENTIALS, f"CredentialsRequest: {door.role_arn} cannot be assumed")
    shown = {
        "RoleArn": door.role_arn,
        "AccessKeyId": credentials["AccessKeyId"],
        "SecretAccessKey": credentials["SecretAccessKey"],
        "Token": credentials["SessionToken"],
        "Expiration": credentials["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return _json(200, shown)


def _refusal(http: HttpRequest) -> HttpResponse | None:
    if is_browsers(http):
        return _error(403, "AccessDenied", "this route is for the programs of tasks, not for web pages")
    if http.method != "GET":
        return _error(405, "MethodNotAllowed", "this route takes GET")
    return None


def _is_same(given: str, wanted: str) -> bool:
    """In a time that does not tell how much of it fits."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def _error(status: int, code: str, message: str) -> HttpResponse:
    return _json(status, {"code": code, "message": message, "HTTPErrorCode": status})


def _json(status: int, body: object) -> HttpResponse:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return HttpResponse(status, headers, orjson.dumps(body))
