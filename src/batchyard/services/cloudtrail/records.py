"""One event as CloudTrail shows it: the answer's members, and the record inside them as JSON text."""

from __future__ import annotations

from typing import Any

import orjson

from batchyard.audit.identity import iso
from batchyard.audit.resources import short_name
from batchyard.services.cloudtrail.resource_types import resource_type
from batchyard.store.prepared import Row
from batchyard.wire import model as wire_model
from batchyard.wire.model import Model, Operation, Shape

EVENT_VERSION = "1.11"


def shown(row: Row) -> dict[str, Any]:
    """An `Event` of LookupEvents."""
    event = {
        "EventId": row.event_id,
        "EventName": row.name,
        "ReadOnly": "true" if row.read_only else "false",
        "EventTime": row.event_time.replace(microsecond=0),
        "EventSource": row.source,
        "Username": row.username,
        "Resources": [
            {
                "ResourceName": arn if _is_global_name(arn) else short_name(arn),
                "ResourceType": resource_type(arn),
            }
            for arn in row.resources or ()
        ],
        "CloudTrailEvent": orjson.dumps(record(row)).decode(),
    }
    if row.access_key_id:
        event["AccessKeyId"] = row.access_key_id
    return event


def record(row: Row) -> dict[str, Any]:
    """The CloudTrail record; what decided the call stands in additionalEventData.decision."""
    made: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": row.identity,
        "eventTime": iso(row.event_time),
        "eventSource": row.source,
        "eventName": row.name,
        "awsRegion": row.region,
        "sourceIPAddress": row.source_ip,
        "userAgent": row.user_agent,
    }
    operation = _operation(row)
    if row.error_code:
        made["errorCode"] = error_code(operation.model, row.error_code)
        made["errorMessage"] = row.error_message
    made["requestParameters"] = _lowered(row.request, operation.input) or None
    made["responseElements"] = _lowered(row.response, operation.output) or None
    if row.decision:
        made["additionalEventData"] = {"decision": row.decision}
    made |= {
        "requestID": row.request_id,
        "eventID": row.event_id,
        "readOnly": bool(row.read_only),
        "resources": [
            {"accountId": row.account, "type": resource_type(arn), "ARN": arn} for arn in row.resources or ()
        ],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": row.account,
        "eventCategory": "Management",
    }
    return made


def _is_global_name(arn: str) -> bool:
    return not arn.startswith("arn:")


def error_code(model: Model, code: str) -> str:
    """An error's code as CloudTrail has it: by the name of its shape (NoSuchEntityException), EC2's with its side."""
    if model.protocol == "ec2":
        return f"{'Server' if code == 'InternalFailure' else 'Client'}.{code}"
    shape = model.error_shape(code) if model.protocol == "query" else None
    return code if shape is None else shape.shape.name


def _operation(row: Row) -> Operation:
    return wire_model.load(row.source.removesuffix(".amazonaws.com")).operations[row.name]


def _lowered(value: Any, shape: Shape | None) -> Any:
    """Member names as CloudTrail writes them, with a lower first letter; a map's keys are the caller's own."""
    if shape is None or shape.is_document:
        return value
    if isinstance(value, list):
        return [_lowered(item, shape.member) for item in value]
    if not isinstance(value, dict):
        return value
    if shape.type == "map":
        return {key: _lowered(inner, shape.value) for key, inner in value.items()}
    members = shape.members
    return {name[:1].lower() + name[1:]: _lowered(inner, members.get(name)) for name, inner in value.items()}
