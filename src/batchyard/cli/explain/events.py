"""After the fact: what decided a call that was made, from its event."""

from __future__ import annotations

import json
import shlex
from typing import Any

from batchyard.cli.explain.client import Clients
from batchyard.cli.explain.texts import Texts
from batchyard.cli.refusal import Refusal
from batchyard.policy.explanation import outcome_sentence

_GLOBAL_REGIONS = {"cn": "cn-north-1", "us-gov": "us-gov-west-1"}


def explain_event(clients: Clients, event_id: str) -> dict[str, Any]:
    """The decisions of an event's call, with the statements that made them; raises Refusal where there is none."""
    record = _find(clients, event_id)
    texts = Texts(clients.make("iam"))
    decisions = (record.get("additionalEventData") or {}).get("decision") or []
    return {
        "eventId": record["eventID"],
        "eventTime": record["eventTime"],
        "eventSource": record["eventSource"],
        "eventName": record["eventName"],
        "awsRegion": record["awsRegion"],
        "principal": principal_of(record["userIdentity"]),
        "errorCode": record.get("errorCode"),
        "errorMessage": record.get("errorMessage"),
        "decisions": [_decision(record, one, texts) for one in decisions],
    }


def _find(clients: Clients, event_id: str) -> dict[str, Any]:
    """The record, from the Region, or from the Region that keeps the events of global services."""
    prefix = clients.region.rsplit("-", 2)[0]
    attribute = [{"AttributeKey": "EventId", "AttributeValue": event_id}]
    for region in dict.fromkeys((clients.region, _GLOBAL_REGIONS.get(prefix, "us-east-1"))):
        events = clients.make("cloudtrail", region=region).lookup_events(LookupAttributes=attribute)["Events"]
        if events:
            found: dict[str, Any] = json.loads(events[0]["CloudTrailEvent"])
            return found
    raise Refusal(
        f"there is no event `{event_id}` in {clients.region}",
        advice="give the Region of the call with `--region`; `aws cloudtrail lookup-events` lists the events",
        code=1,
    )


def principal_of(identity: dict[str, Any]) -> str:
    """Who made the call: an ARN, the service principal, or whom an identity provider vouched for."""
    if "identityProvider" in identity:
        return f"{identity['userName']} of {identity['identityProvider']}"
    return str(identity.get("arn") or identity.get("invokedBy") or identity["type"])


def _decision(record: dict[str, Any], kept: dict[str, Any], texts: Texts) -> dict[str, Any]:
    statements = []
    for ref in kept["statements"]:
        text, note = texts.of(ref)
        statements.append({**ref, "text": text, "note": note})
    decision = {key: kept[key] for key in ("action", "resource", "outcome", "reason")}
    decision["sentence"] = outcome_sentence(kept["action"], kept["outcome"], kept["reason"])
    decision["statements"] = statements
    identity = record["userIdentity"]
    if _can_be_asked(kept, identity):
        words = ["--principal", identity["arn"], "--action", kept["action"], "--resource", kept["resource"]]
        decision["ask"] = f"batchyard explain {shlex.join(words)}"
    return decision


def _can_be_asked(kept: dict[str, Any], identity: dict[str, Any]) -> bool:
    """Would `batchyard explain --principal` see what was lacking? Not in a session's own policies, which are in its
    credentials alone, and not in the trust policies of other accounts."""
    if kept["outcome"] != "implicitDeny" or identity["type"] not in ("IAMUser", "AssumedRole"):
        return False
    if kept["reason"] == "session policy":
        return False
    is_role_elsewhere = kept["action"] == "sts:AssumeRole" and (
        kept["resource"].split(":")[4:5] != [identity["accountId"]]
    )
    return not is_role_elsewhere
