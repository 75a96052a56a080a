"""botocore's service models as light objects: loaded once, resolved as they are asked for."""

from __future__ import annotations

import functools
import gzip
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore
import orjson
from botocore import xform_name

OF_EC2 = "ec2"
"""The protocol that EC2 alone speaks; its name is the service's."""
UNTOLD = "sts"
"""In whose form an error is answered where a request does not tell its service."""

_DATA = Path(botocore.__file__).parent / "data"
_load_lock = threading.Lock()
_loaded: dict[str, Model] = {}

# The traits of a member that change how its shape is written on the wire, or what it may hold.
_TRAITS = (
    "locationName",
    "queryName",
    "flattened",
    "location",
    "timestampFormat",
    "xmlNamespace",
    "xmlAttribute",
    "resultWrapper",
    "payload",
    "streaming",
    "jsonvalue",
    "hostLabel",
    "eventpayload",
    "idempotencyToken",
    "box",
)


class Shape:
    """One shape, with the traits of the member that refers to it. Members are resolved at first use."""

    __slots__ = ("_inner", "_members", "_model", "compiled", "name", "raw", "required", "type")

    def __init__(self, model: Model, name: str, raw: Mapping[str, Any]) -> None:
        self._model = model
        self._members: dict[str, Shape] | None = None
        self._inner: dict[str, Shape] = {}
        self.name = name
        self.raw = raw
        self.type: str = raw["type"]
        self.required: tuple[str, ...] = tuple(raw.get("required", ()))
        self.compiled: dict[str, Any] = {}

    @property
    def members(self) -> Mapping[str, Shape]:
        """A structure's members by AWS's names; empty for other types."""
        if self._members is None:
            given = self.raw.get("members", {})
            self._members = {name: self._model.shape_of(ref) for name, ref in given.items()}
        return self._members

    @property
    def member(self) -> Shape:
        """A list's item."""
        return self._inner.get("member") or self._resolved("member")

    @property
    def key(self) -> Shape:
        """A map's key."""
        return self._inner.get("key") or self._resolved("key")

    @property
    def value(self) -> Shape:
        """A map's value."""
        return self._inner.get("value") or self._resolved("value")

    def _resolved(self, part: str) -> Shape:
        found = self._inner[part] = self._model.shape_of(self.raw[part])
        return found

    @property
    def is_document(self) -> bool:
        """Any JSON value."""
        return bool(self.raw.get("document"))

    def trait(self, name: str) -> Any:
        """A trait of the shape or of the member that refers to it; None where neither has it."""
        return self.raw.get(name)


class ErrorShape:
    """A modelled error: its code on the wire and its HTTP status."""

    __slots__ = ("error_code", "http_status", "shape")

    def __init__(self, shape: Shape) -> None:
        error = shape.raw.get("error", {})
        self.shape = shape
        self.error_code: str = error.get("code", shape.name)
        fallback = 500 if shape.raw.get("fault") else 400
        self.http_status: int = error.get("httpStatusCode", fallback)


class Operation:
    """One operation."""

    __slots__ = ("errors", "http_method", "http_uri", "input", "model", "name", "output", "raw", "snake_name")

    def __init__(self, model: Model, name: str, raw: Mapping[str, Any]) -> None:
        self.model = model
        self.raw = raw
        self.name = name
        self.snake_name: str = xform_name(name)
        self.http_method: str = raw.get("http", {}).get("method", "POST")
        self.http_uri: str = raw.get("http", {}).get("requestUri", "/")
        self.input = model.shape_of(raw["input"]) if raw.get("input") else None
        self.output = model.shape_of(raw["output"]) if raw.get("output") else None
        self.errors: tuple[str, ...] = tuple(error["shape"] for error in raw.get("errors", ()))


class Operations(Mapping[str, Operation]):
    """A model's operations by wire name; each is made when it is first asked for."""

    def __init__(self, model: Model, raw: Mapping[str, Any]) -> None:
        self._model = model
        self._raw = raw
        self._made: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = Operation(self._model, name, self._raw[name])
        return made

    def __iter__(self) -> Any:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


class Model:
    """One service's model. `protocol` is query, ec2, json or rest-json."""

    def __init__(self, service: str, description: Mapping[str, Any], paginators: Mapping[str, Any]) -> None:
        self.service = service
        self.metadata: Mapping[str, Any] = description["metadata"]
        self.protocol: str = _protocol(self.metadata)
        self.json_version = str(self.metadata.get("jsonVersion", "1.1"))
        self.target_prefix: str = self.metadata.get("targetPrefix", "")
        self.api_version: str = self.metadata.get("apiVersion", "")
        self.signing_name: str = self.metadata.get(
            "signingName", self.metadata.get("endpointPrefix", service)
        )
        self.endpoint_prefix: str = self.metadata.get("endpointPrefix", service)
        self.xml_namespace: str = self.metadata.get("xmlNamespace", "")
        self.operations: Mapping[str, Operation] = Operations(self, description.get("operations", {}))
        self._shapes: Mapping[str, Mapping[str, Any]] = description.get("shapes", {})
        self._made: dict[tuple[str, str], Shape] = {}
        self._paginators = paginators

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Model:
        """A model straight from a description in botocore's format, as its protocol cases have them."""
        return cls(description["metadata"].get("endpointPrefix", "case"), description, {})

    def shape_of(self, ref: Mapping[str, Any]) -> Shape:
        """The shape that a reference names, with the reference's traits over the shape's own."""
        name = ref["shape"]
        traits = {trait: ref[trait] for trait in _TRAITS if trait in ref}
        place = (name, repr(traits))
        made = self._made.get(place)
        if made is None:
            made = self._made[place] = Shape(self, name, {**self._shapes[name], **traits})
        return made

    def by_snake_name(self, snake: str) -> Operation | None:
        """The operation whose botocore method has this name."""
        name = self._by_snake.get(snake)
        return None if name is None else self.operations[name]

    @functools.cached_property
    def _by_snake(self) -> dict[str, str]:
        return {xform_name(name): name for name in self.operations}

    def error_shape(self, name: str) -> ErrorShape | None:
        """The modelled error of this shape name or wire code."""
        raw = self._shapes.get(name)
        if raw is not None and raw.get("exception"):
            return ErrorShape(self.shape_of({"shape": name}))
        shape = self._error_codes.get(name)
        return None if shape is None else ErrorShape(self.shape_of({"shape": shape}))

    @functools.cached_property
    def _error_codes(self) -> dict[str, str]:
        return {
            raw["error"]["code"]: name
            for name, raw in self._shapes.items()
            if raw.get("exception") and "code" in raw.get("error", {})
        }

    def pagination(self, operation: str) -> Mapping[str, Any] | None:
        """botocore's paginator of an operation: input_token, output_token, limit_key, result_key."""
        found: Mapping[str, Any] | None = self._paginators.get(operation)
        return found


@functools.cache
def _load(service: str) -> Model:
    directory = max((one for one in (_DATA / service).iterdir() if one.is_dir()), key=lambda one: one.name)
    paginators = _read(directory / "paginators-1.json") or {}
    description = _read(directory / "service-2.json")
    if description is None:
        raise LookupError(f"botocore has no model of {service}")
    return Model(service, description, paginators.get("pagination", {}))


def load(service: str) -> Model:
    """The model of a service by botocore's name; read once. Raises FileNotFoundError for an unknown service."""
    found = _loaded.get(service)
    if found is None:
        with _load_lock:
            found = _loaded[service] = _load(service)
    return found


def _read(path: Path) -> Any:
    packed = path.with_suffix(".json.gz")
    if packed.exists():
        return orjson.loads(gzip.decompress(packed.read_bytes()))
    return orjson.loads(path.read_bytes()) if path.exists() else None


def _protocol(metadata: Mapping[str, Any]) -> str:
    """The protocol spoken here: of those that a service has, the first of the four that we know."""
    for known in ("rest-json", "json", "query", OF_EC2):
        if metadata.get("protocol") == known:
            return known
    for known in ("json", "query", OF_EC2, "rest-json"):
        if known in metadata.get("protocols", ()):
            return known
    return str(metadata["protocol"])
