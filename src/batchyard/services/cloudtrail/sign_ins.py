"""The record of a sign-in to the console (CloudTrail user guide, "AWS Management Console sign-in events")."""

from __future__ import annotations

from typing import Any

SOURCE = "signin.amazonaws.com"
_SESSIONS_OWN = ("sessionContext", "accessKeyId")
"""A person who signs in has no session yet."""


def rest(row: Any) -> dict[str, Any]:
    """What differs from a call's record: no operation stands behind it."""
    attributes = row.identity.get("sessionContext", {}).get("attributes", {})
    identity = {name: value for name, value in row.identity.items() if name not in _SESSIONS_OWN}
    used = "Yes" if attributes.get("mfaAuthenticated") == "true" else "No"
    made: dict[str, Any] = {"userIdentity": identity}
    if row.error_message:
        made["errorMessage"] = row.error_message
    return {
        **made,
        "requestParameters": None,
        "responseElements": row.response,
        "additionalEventData": {"MobileVersion": "No", "MFAUsed": used},
        "eventID": row.event_id,
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": row.account,
        "eventCategory": "Management",
    }
