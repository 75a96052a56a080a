"""A request with every member that the model has, so that each check and key that a request can cause appears."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

NAME = "everything"
"""What each name in a full request is; the seeds have the same."""

_KEYS = {
    "options": (
        "awslogs-group",
        "awslogs-region",
        "awslogs-stream-prefix",
        "awslogs-create-group",
    )
}
"""The keys that a map of this name has; those of others don't matter."""

_LEFT_OUT = {"AssumeRole": ("SerialNumber", "TokenCode")}
"""What is refused before anything is asked, as no device here shows that code."""

_VALUES = {
    "boolean": True,
    "integer": 1,
    "long": 1,
    "double": 1.0,
    "float": 1.0,
    "blob": b"x",
    "timestamp": "2030-01-01T00:00:00Z",
}


_LOADER = Loader()


@functools.cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(_LOADER.load_service_model(service, "service-2"), service)


def full_request(
    service: str, operation: str, account: str, arn: str, seeds: Mapping[str, Any]
) -> dict[str, Any]:
    """The request of one operation, by botocore's model; not one that a service would carry out.

    `arn` stands where the request names a resource by its ARN, `seeds` has what stands at members of its names.
    """
    shape = _model(service).operation_model(operation).input_shape
    if shape is None:
        return {}
    made = _Filler(account, arn, seeds).value(shape, "", ())
    return {name: value for name, value in made.items() if name not in _LEFT_OUT.get(operation, ())}


class _Filler:
    def __init__(self, account: str, arn: str, seeds: Mapping[str, Any]) -> None:
        self._seeds = seeds
        self._account = account
        self._arn = arn

    def value(self, shape: Shape, member: str, within: tuple[str, ...]) -> Any:
        if member in self._seeds and shape.type_name in ("string", "list"):
            return self._seeds[member]
        made: Any = shape
        within = (*within, shape.name)
        if shape.type_name == "structure":
            inner = [(name, one) for name, one in made.members.items() if one.name not in within]
            return {name: self.value(one, name, within) for name, one in inner}
        if shape.type_name == "map":
            keys = _KEYS.get(member, ("key",))
            return {key: self.value(made.value, member, within) for key in keys}
        if shape.type_name == "list":
            return self._items(made, member, within)
        return self._text(made, member) if shape.type_name == "string" else _VALUES[shape.type_name]

    def _items(self, shape: Any, member: str, within: tuple[str, ...]) -> list[Any]:
        """One item; of EC2's TagSpecifications one for each resource type."""
        if shape.member.name in within:
            return []
        item = self.value(shape.member, member, within)
        if not member.startswith("TagSpecification"):
            return [item]
        kinds = shape.member.members["ResourceType"].enum
        return [{**item, "ResourceType": kind} for kind in kinds]

    def _text(self, shape: Any, member: str) -> str:
        if shape.enum:
            return str(shape.enum[0])
        name = member.lower()
        if name.endswith("path") or name == "pathprefix":
            return "/"
        if name in ("jobdefinition", "taskdefinition"):
            return f"{NAME}:1"
        if name in ("cpu", "memory"):
            return "1024"
        if name in ("policyarn", "permissionsboundary"):
            return f"arn:aws:iam::{self._account}:policy/{NAME}"
        if name.endswith("rolearn"):
            return f"arn:aws:iam::{self._account}:role/{NAME}"
        if name.endswith(("date", "time")):
            return "2030-01-01T00:00:00Z"
        return self._arn if name.endswith(("arn", "serialnumber")) else NAME
