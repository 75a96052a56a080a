"""The request context of a call: the condition keys that its policies may ask for (iam-evaluation.md 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from batchyard.framework.check import Check, Tags, Values
from batchyard.framework.context import Context
from batchyard.framework.operation import OperationEntry
from batchyard.framework.tag_keys import by_folded_key, principal_tag_keys, request_tag_keys, request_tags

_PRINCIPAL_TYPES = {
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "federated-user": "FederatedUser",
    "anonymous": "Anonymous",
}
_RESOURCE_TAG = "aws:resourcetag/"
_OF_TIME: Mapping[str, Callable[[datetime], str]] = {
    "aws:currenttime": lambda now: f"{now.isoformat(timespec='seconds')[:19]}Z",
    "aws:epochtime": lambda now: str(int(now.timestamp())),
}


class CheckContext(Mapping[str, Values]):
    """Keys in lower case. The time's form and a resource's tags are found only when a policy asks for them."""

    __slots__ = ("_check", "_now", "_tags", "_values", "was_asked")

    def __init__(self, values: dict[str, Values], check: Check, now: datetime) -> None:
        self._values = values
        self._check = check
        self._now = now
        self.was_asked = False
        self._tags: Mapping[str, Values] | None = None

    def get(self, key: str, default: Any = None) -> Any:
        self.was_asked = True
        value = self._values.get(key)
        if value is not None:
            return value
        if key in _OF_TIME:
            return _OF_TIME[key](self._now)
        prefix, _, name = key.partition("/")
        if name and prefix.endswith(":resourcetag"):
            return self._resource_tags().get(name, default)
        return default

    def __getitem__(self, key: str) -> Values:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        found: Values = value
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        self.was_asked = True
        yield from _OF_TIME
        yield from self._values
        for name in self._resource_tags():
            yield _RESOURCE_TAG + name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _resource_tags(self) -> Mapping[str, Values]:
        if self._tags is None:
            found = self._check.tags() if self._check.tags else None
            self._tags = by_folded_key((found or {}).items())
        return self._tags


def call_keys(
    ctx: Context, operation: OperationEntry, principal_tags: Tags, *, now: datetime
) -> dict[str, Values]:
    """The keys that are the same for every check of one call."""
    session = ctx.session
    origin = ctx.call.origin
    keys: dict[str, Values] = {
        "aws:securetransport": "true" if origin.secure else "false",
        "aws:useragent": origin.user_agent,
        "aws:requestedregion": _requested_region(ctx),
        "aws:viaawsservice": "true" if session.called_via else "false",
        "aws:principalisawsservice": "true" if session.kind == "service" else "false",
    }
    if not session.called_via and not session.acted_for:
        keys["aws:sourceip"] = origin.source_ip
    if session.called_via:
        keys["aws:calledvia"] = session.called_via
        keys["aws:calledviafirst"] = session.called_via[0]
        keys["aws:calledvialast"] = session.called_via[-1]
    if origin.referer:
        keys["aws:referer"] = origin.referer
    if session.kind == "service":
        keys["aws:principalservicename"] = session.service_principal or ""
        keys["aws:principalservicenameslist"] = (session.service_principal or "",)
        keys["aws:sourceaccount"] = session.account
        if session.source_arn is not None:
            keys["aws:sourcearn"] = session.source_arn
    else:
        _principal_keys(ctx, principal_tags, keys, now)
    _tag_keys(operation, ctx.call.request, keys)
    if operation.conditions is not None:
        keys.update(
            {name.lower(): value for name, value in operation.conditions(ctx, ctx.call.request).items()}
        )
    return keys


def _requested_region(ctx: Context) -> str:
    return ctx.service.endpoint_regions.get(ctx.partition, ctx.region)


def _principal_keys(ctx: Context, tags: Tags, keys: dict[str, Values], now: datetime) -> None:
    session = ctx.session
    if session.kind == "anonymous":
        keys["aws:principaltype"] = "Anonymous"
        return
    keys["aws:principaltype"] = _PRINCIPAL_TYPES[session.kind]
    keys["aws:principalarn"] = session.role.arn if session.role is not None else session.arn
    keys["aws:principalaccount"] = session.account
    keys["aws:userid"] = session.principal_id
    if session.kind == "user":
        keys["aws:username"] = session.name
    if session.temporary:
        keys["aws:multifactorauthpresent"] = "true" if session.mfa else "false"
        if session.issued_at is not None:
            keys["aws:tokenissuetime"] = session.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            if session.mfa:
                # The code was given with the call that made the session.
                age = now - session.issued_at
                keys["aws:multifactorauthage"] = str(int(age.total_seconds()))
    if session.federated_provider:
        keys["aws:federatedprovider"] = session.federated_provider
        keys.update({name.lower(): value for name, value in session.federated_keys.items()})
    if session.source_identity:
        keys["aws:sourceidentity"] = session.source_identity
    keys.update(principal_tag_keys(tags, session.tags))


def _tag_keys(operation: OperationEntry, request: Mapping[str, Any], keys: dict[str, Values]) -> None:
    if operation.tags is not None:
        keys.update(request_tag_keys(request_tags(request.get(operation.tags))))
    if operation.tag_keys is not None:
        names = request.get(operation.tag_keys)
        if names:
            keys["aws:tagkeys"] = tuple(names)
