"""Error answers in the protocol of the service that was asked, and where a call's event belongs."""

from __future__ import annotations

from dataclasses import replace
from xml.sax.saxutils import escape

from batchyard.data.partitions import global_region
from batchyard.framework.errors import ApiError
from batchyard.framework.service import Service
from batchyard.gateway.authenticate import Refused
from batchyard.gateway.sigv4 import codes, text_for
from batchyard.identity.session import Call, Session
from batchyard.wire import model as wire_model
from batchyard.wire import protocols
from batchyard.wire.errors import ErrorReply
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.model import OF_EC2, UNTOLD


def error_reply(service: str | None, reply: ErrorReply, request_id: str) -> HttpResponse:
    """An error in the service's own protocol; where no protocol can be told, it answers in UNTOLD's."""
    return protocols.serialize_error(wire_model.load(service or UNTOLD), reply, request_id)


def api_error(service: str | None, error: ApiError, request_id: str) -> HttpResponse:
    """A service's or the gateway's refusal."""
    reply = ErrorReply(error.code, error.message, error.status, error.fault, error.members)
    return error_reply(service, reply, request_id)


def refused(service: str | None, failure: Refused, request_id: str) -> HttpResponse:
    """Credentials that were missing, malformed, unknown, wrong or out of date (iam-evaluation.md 8)."""
    protocol = wire_model.load(service or UNTOLD).protocol
    code, status = codes(failure.kind, protocol)
    reply = ErrorReply(code, text_for(failure, protocol), status, "Sender", {})
    return error_reply(service, reply, request_id)


def unknown_service(service: str, request_id: str) -> HttpResponse:
    """A signature for a service that is not here."""
    message = f"Batchyard does not have the service {service}"
    return error_reply(None, ErrorReply("NotImplemented", message, 501, "Receiver", {}), request_id)


def other_server_for_s3(endpoint: str | None, request_id: str) -> HttpResponse:
    """What S3's clients are told that were sent here, in their protocol (S3 API reference, "Error responses")."""
    where = (
        f"set AWS_ENDPOINT_URL_S3={endpoint}, as `batchyard env` prints it and jobs have it"
        if endpoint
        else "set AWS_ENDPOINT_URL_S3 to an S3 server's address, and Batchyard's setting `s3_endpoint` for jobs"
    )
    message = f"Batchyard is no S3 server: {where}"
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>NotImplemented</Code><Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
    )
    return HttpResponse(
        501, {"content-type": "application/xml", "x-amz-request-id": request_id}, body.encode()
    )


def unknown_operation(service: str, http: HttpRequest, request_id: str) -> HttpResponse:
    """An operation that AWS's model does not have."""
    protocol = wire_model.load(service).protocol
    if protocol in ("query", OF_EC2):
        text = "Could not find operation for version; check Action and Version."
        reply = ErrorReply("InvalidAction", text, 400, "Sender", {})
    elif protocol == "json":
        reply = ErrorReply("UnknownOperationException", "", 400, "Sender", {})
    else:
        reply = ErrorReply("UnknownOperationException", f"{http.method} {http.path}", 404, "Sender", {})
    return error_reply(service, reply, request_id)


FAILURE = ErrorReply(
    "InternalFailure",
    "The request processing has failed because of an unknown error, exception or failure.",
    500,
    "Receiver",
    {},
)
"""What a bug of ours is answered with (EC2 has its own code for it)."""


def internal_failure(service: str | None, request_id: str) -> HttpResponse:
    """A bug of ours: logged with its traceback under the request id."""
    of_ec2 = service is not None and wire_model.load(service).protocol == OF_EC2
    reply = replace(FAILURE, code="InternalError") if of_ec2 else FAILURE
    return error_reply(service, reply, request_id)


def event_region(service: Service, session: Session, call: Call) -> str:
    """The Region whose event history tells of the call: global services have one Region for their partition."""
    return global_region(session.partition) if service.is_global else call.region
