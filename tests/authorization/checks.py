"""What an operation asks the policies: each check with its action, resource and condition keys, without calling it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from authorization.reference import fold
from batchyard.app import App
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.gateway.request_context import call_keys
from batchyard.identity.session import Call, Session
from batchyard.services import load_services
from batchyard.wire import model as wire_model

SERVICES = load_services()
_TAGGED = ("aws", "ec2", "ecs", "iam", "autoscaling")
"""The services that have a key of their own for the tags of a resource."""


@dataclass(frozen=True)
class Asked:
    """One check of one request."""

    action: str
    resource: str
    keys: frozenset[str]
    told: str
    """What a denial names."""


def built(service: str) -> dict[str, str]:
    """The operations that are built: AWS's name → ours."""
    model = wire_model.load(service)
    return {model.by_snake_name(name).name: name for name in SERVICES[service].operations}  # type: ignore[union-attr]


def asked(app: App, account: str, service: str, operation: str, request: dict[str, Any]) -> Iterator[Asked]:
    """The checks of one request, up to where the request is refused as malformed."""
    entry = SERVICES[service].operations[built(service)[operation]]
    session = Session(
        "user",
        "aws",
        account,
        f"arn:aws:iam::{account}:user/somebody",
        "AIDAEXAMPLE",
        name="somebody",
        access_key_id="AKIAEXAMPLE",
    )
    call = Call(service, operation, request, "us-east-1")
    with app.runtime.store.read() as tx:
        ctx = Context(
            app.runtime,
            SERVICES[service],
            session,
            call,
            tx,
            now=app.runtime.clock.now(),
            forward=_no_forward,
        )
        keys = {*call_keys(ctx, entry, {}, now=app.runtime.clock.now()), "aws:resourceaccount"}
        usual = entry.action or f"{SERVICES[service].prefix}:{operation}"
        try:
            for target in (*entry.on, *entry.passes):
                for check in target(ctx, request):
                    own = {*keys, *check.context}
                    if check.tags is not None:
                        own |= {f"{prefix}:ResourceTag/" for prefix in _TAGGED}
                    told = check.told or check.resource
                    yield Asked(check.action or usual, check.resource, frozenset(map(fold, own)), told)
        except (ApiError, KeyError, ValueError, TypeError, AttributeError):
            return


def _no_forward(ctx: Context) -> Any:
    raise AssertionError("a check makes no calls")
