"""One event as CloudTrail shows it: the answer's members, and the record inside them as JSON text."""

from __future__ import annotations

from typing import Any

import orjson

from batchyard import ids
from batchyard.audit.identity import iso
from batchyard.audit.resource_types import resource_type
from batchyard.audit.resources import short_name
from batchyard.services.cloudtrail import ec2_parameters, parameters, sign_ins
from batchyard.store.prepared import Row
from batchyard.wire import model as wire_model
from batchyard.wire.model import Model, Operation

EVENT_VERSION = "1.11"
_DATA_EVENTS = frozenset({("logs.amazonaws.com", "PutLogEvents")})
"""Calls on the data of a resource, which AWS's event history leaves out [guess: Logs' list of management events has
no PutLogEvents]; here they are told, marked as what they are."""
_VERSIONED = frozenset({"logs.amazonaws.com"})
"""Services whose records have the version of their API (published records of CreateLogStream)."""


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
    """The CloudTrail record; what decided the call stands in additionalEventData.decision, which AWS does not have."""
    if row.source == sign_ins.SOURCE:
        return {**_begun(row), **sign_ins.rest(row)}
    operation = _operation(row)
    made = _begun(row)
    if row.error_code:
        made["errorCode"] = error_code(operation.model, row.error_code)
        made["errorMessage"] = row.error_message
    made |= _parameters(row, operation)
    if row.decision:
        made["additionalEventData"] = {"decision": row.decision}
    made |= {"requestID": row.request_id, "eventID": row.event_id, "readOnly": bool(row.read_only)}
    resources = [_resource(row, arn) for arn in row.resources or ()]
    if resources:
        made["resources"] = resources
    is_data = (row.source, row.name) in _DATA_EVENTS
    made |= {
        "eventType": "AwsApiCall",
        "managementEvent": not is_data,
        "recipientAccountId": row.account,
        "eventCategory": "Data" if is_data else "Management",
    }
    if row.source in _VERSIONED:
        made["apiVersion"] = operation.model.api_version.replace("-", "")
    if _is_shared(row):
        made["sharedEventID"] = ids.uuid3(f"event:{row.request_id}")
    return made


def _begun(row: Row) -> dict[str, Any]:
    """What every record begins with."""
    return {
        "eventVersion": EVENT_VERSION,
        "userIdentity": row.identity,
        "eventTime": iso(row.event_time),
        "eventSource": row.source,
        "eventName": row.name,
        "awsRegion": row.region,
        "sourceIPAddress": row.source_ip,
        "userAgent": row.user_agent,
    }


def _parameters(row: Row, operation: Operation) -> dict[str, Any]:
    """The elements that every record has, null where there is nothing to tell."""
    answered = None
    if operation.model.protocol == "ec2":
        asked = ec2_parameters.request_parameters(operation, row.request)
        if not row.error_code and not row.read_only:
            answered = ec2_parameters.response_elements(operation, row.response, row.request_id)
    else:
        asked = parameters.request_parameters(operation, row.request, row.error_code)
        if not row.read_only or row.source == "sts.amazonaws.com":
            answered = parameters.response_elements(operation, row.response)
    return {"requestParameters": asked, "responseElements": answered}


def _resource(row: Row, arn: str) -> dict[str, Any]:
    parts = arn.split(":", 5)
    owner = parts[4] if len(parts) == 6 and parts[4] else row.account
    return {"accountId": owner, "type": resource_type(arn), "ARN": arn}


def _is_shared(row: Row) -> bool:
    """Whether the act is told in another account, too: a role assumed by a service or across accounts.

    The two records have a request in common, so their shared id comes from it.
    """
    if row.source != "sts.amazonaws.com" or row.error_code:
        return False
    if row.identity["type"] in ("AWSService", "AWSAccount"):
        return True
    return any(arn.split(":")[4] != row.account for arn in row.resources or () if arn.startswith("arn:"))


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
