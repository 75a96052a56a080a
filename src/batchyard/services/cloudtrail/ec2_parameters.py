"""EC2's requestParameters and responseElements: sets of items, as in its XML; launch templates have their own form.

Forms from records in the CloudTrail guide (StartInstances, StopInstances, CreateKeyPair) and published records
(RunInstances, CreateTags, CreateLaunchTemplate); names of lists that no record shows are guesses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from batchyard.audit.secrets import HIDDEN_VALUE
from batchyard.services.cloudtrail.parameters import moment
from batchyard.wire.model import Operation, Shape

REMOVED = "<sensitiveDataRemoved>"
_SETS = {
    "AttributeNames": ("accountAttributeNameSet", "attributeName"),
    "ExecutableUsers": ("executableBySet", "user"),
    "GroupIds": ("securityGroupIdSet", "groupId"),
    "GroupNames": ("securityGroupSet", "groupName"),
    "ImageIds": ("imagesSet", "imageId"),
    "InstanceIds": ("instancesSet", "instanceId"),
    "KeyNames": ("keySet", "keyName"),
    "Owners": ("ownersSet", "owner"),
    "Resources": ("resourcesSet", "resourceId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "SubnetIds": ("subnetSet", "subnetId"),
    "VpcIds": ("vpcSet", "vpcId"),
    "Values": ("valueSet", "value"),
}
_LISTS = {
    "BlockDeviceMappings": "blockDeviceMapping",
    "Filters": "filterSet",
    "NetworkInterfaces": "networkInterfaceSet",
    "TagSpecifications": "tagSpecificationSet",
}
_SHOWN_EMPTY = {
    "DescribeAccountAttributes": ("accountAttributeNameSet", "filterSet"),
    "DescribeImages": ("executableBySet", "imagesSet", "ownersSet", "filterSet"),
    "DescribeInstanceStatus": ("instancesSet", "filterSet"),
    "DescribeInstances": ("instancesSet", "filterSet"),
    "DescribeKeyPairs": ("keySet", "filterSet"),
    "DescribeSecurityGroups": ("securityGroupSet", "securityGroupIdSet", "filterSet"),
    "DescribeSubnets": ("subnetSet", "filterSet"),
    "DescribeTags": ("filterSet",),
    "DescribeVpcs": ("vpcSet", "filterSet"),
}
"""Sets that a record shows also where the request has none: instances, security groups, tags and account attributes
as published; the others by analogy [guess]."""
_IN_INSTANCES = ("ImageId", "MinCount", "MaxCount", "KeyName")
_RUN_INSTANCES_DEFAULTS: dict[str, Any] = {
    "blockDeviceMapping": {},
    "monitoring": {"enabled": False},
    "disableApiTermination": False,
    "disableApiStop": False,
}


def request_parameters(operation: Operation, request: Any) -> Any:
    """What was asked, also in a call that was denied."""
    if _is_wrapped(operation):
        return {f"{operation.name}Request": _form(request, operation.input)}
    if operation.name != "RunInstances":
        shown: dict[str, Any] = {name: {} for name in _SHOWN_EMPTY.get(operation.name, ())}
        return {**shown, **_asked(request, operation.input)} or None
    instances = {_lowered(name): request[name] for name in _IN_INSTANCES if name in request}
    rest = {name: value for name, value in request.items() if name not in _IN_INSTANCES}
    return {
        "instancesSet": {"items": [instances]},
        **_RUN_INSTANCES_DEFAULTS,
        **_asked(rest, operation.input),
    }


def response_elements(operation: Operation, response: Any, request_id: str) -> Any:
    """What a changing call answered, with the request's id; `_return` where EC2 says no more than that it did it."""
    if _is_wrapped(operation):
        answer = _answered(response, operation.output, at=_in_text) or {}
        namespace = operation.model.xml_namespace.rstrip("/") + "/"
        return {f"{operation.name}Response": {"xmlns": namespace, "requestId": request_id, **answer}}
    answer = _answered(response, operation.output, at=_in_milliseconds) or {}
    if operation.output is None:
        answer = {"_return": True}
    return {"requestId": request_id, **answer}


def _is_wrapped(operation: Operation) -> bool:
    """Whether the operation is one of the newer kind, whose records repeat the request as it was sent."""
    return "LaunchTemplate" in operation.name


def _asked(value: Any, shape: Shape | None) -> Any:
    """A request's members in EC2's set form."""
    if value == HIDDEN_VALUE:
        return REMOVED
    if not isinstance(value, dict) or shape is None:
        return value
    made: dict[str, Any] = {}
    for name, inner in value.items():
        member = shape.members.get(name)
        if name in _SETS and isinstance(inner, list):
            label, item = _SETS[name]
            made[label] = _items([{item: one} for one in inner])
        elif name == "Tags" and isinstance(inner, list):
            made["tagSet"] = _items([_asked(one, member.member if member else None) for one in inner])
        elif isinstance(inner, list):
            items = [_asked_item(name, one, member.member if member else None) for one in inner]
            made[_LISTS.get(name) or _name(name, member)] = _items(items)
        else:
            made[_name(name, member)] = _asked(inner, member)
    return made


def _asked_item(name: str, value: Any, shape: Shape | None) -> Any:
    """An item of a list; a tag specification's tags are a plain list (published RunInstances records)."""
    if name == "TagSpecifications":
        tags = [{_lowered(key): one for key, one in tag.items()} for tag in value.get("Tags", ())]
        return {"resourceType": value.get("ResourceType"), "tags": tags}
    return _asked(value, shape)


def _answered(value: Any, shape: Shape | None, *, at: Callable[[datetime], Any]) -> Any:
    """An answer's members by their XML names, lists as sets of items, times as `at` writes them."""
    if value == HIDDEN_VALUE:
        return REMOVED
    if shape is None or value is None:
        return value
    if isinstance(value, list):
        return _items([_answered(one, shape.member, at=at) for one in value])
    if shape.type == "timestamp":
        return at(moment(value))
    if not isinstance(value, dict):
        return value
    found = {
        _name(name, shape.members.get(name)): _answered(inner, shape.members.get(name), at=at)
        for name, inner in value.items()
    }
    return {"_return" if name == "return" else name: inner for name, inner in found.items()}


def _in_milliseconds(at: datetime) -> int:
    """`1508350525000` (published RunInstances records)."""
    return int(at.timestamp() * 1000)


def _in_text(at: datetime) -> str:
    """`2022-05-10T18:36:30.000Z`, as the answer itself has it [guess]."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _form(value: Any, shape: Shape | None) -> Any:
    """A request as it was sent, by wire names; a list's items carry their number, a lone one stands without a list."""
    if value == HIDDEN_VALUE:
        return REMOVED
    if isinstance(value, list):
        items = [
            _tagged(number, _form(one, shape.member if shape else None))
            for number, one in enumerate(value, 1)
        ]
        return items[0] if len(items) == 1 else items
    if not isinstance(value, dict) or shape is None:
        return value
    return {
        _wire_name(name, shape.members.get(name)): _form(inner, shape.members.get(name))
        for name, inner in value.items()
    }


def _tagged(number: int, value: Any) -> dict[str, Any]:
    return {"tag": number, **value} if isinstance(value, dict) else {"tag": number, "content": value}


def _wire_name(name: str, member: Shape | None) -> str:
    """The member's name in the form that is sent (ec2 protocol: queryName, else locationName, capitalised)."""
    given = member and (member.trait("queryName") or member.trait("locationName"))
    return given[:1].upper() + given[1:] if given else name


def _name(name: str, member: Shape | None) -> str:
    return _lowered((member and member.trait("locationName")) or name)


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _items(items: list[Any]) -> dict[str, Any]:
    return {"items": items} if items else {}
