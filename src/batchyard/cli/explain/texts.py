"""The text of a statement that decided, as far as it can still be read."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

Text = dict[str, Any]
_OWNERS = ("user", "group", "role")
"""Whose inline policies an event names behind the owner's ARN."""


def statement_of(document: Any, number: int) -> Text | None:
    """One statement of a policy document (text, or parsed), counted from 1; None where it has no such statement."""
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed["Statement"]
    statements = [statements] if isinstance(statements, dict) else statements
    return statements[number - 1] if number <= len(statements) else None


class Texts:
    """Reads policies through IAM, each once."""

    def __init__(self, iam: Any) -> None:
        self._iam = iam
        self._read: dict[tuple[str, str | None], Any] = {}

    def of(self, ref: dict[str, Any]) -> tuple[Text | None, str]:
        """The text of a statement as an event names it, and a note: what keeps it from being read, or shown as it
        was. Managed policies have versions; of the others there is only what they are now."""
        policy, version = ref["policy"], ref["version"]
        if version is None and ref["kind"] not in (*_OWNERS, "trust"):
            return None, "it is kept nowhere else: a session's own policy is in its credentials alone"
        try:
            document = self._document(ref["kind"], policy, version)
        except ClientError as error:
            return None, f"it cannot be read any more: {error.response['Error']['Code']}"
        text = statement_of(document, ref["statement"])
        if text is None or text.get("Sid") != ref["sid"]:
            return None, "the policy was changed since"
        return text, "" if version else "as the policy is now: it has no versions"

    def _document(self, kind: str, policy: str, version: str | None) -> Any:
        place = (policy, version)
        if place not in self._read:
            self._read[place] = self._fetch(kind, policy, version)
        return self._read[place]

    def _fetch(self, kind: str, policy: str, version: str | None) -> Any:
        if version is not None:
            found = self._iam.get_policy_version(PolicyArn=policy, VersionId=version)
            return found["PolicyVersion"]["Document"]
        if kind == "trust":
            return self._iam.get_role(RoleName=policy.rsplit("/", 1)[-1])["Role"]["AssumeRolePolicyDocument"]
        owner, _, name = policy.rpartition("/")
        request = {f"{kind.title()}Name": owner.rsplit("/", 1)[-1], "PolicyName": name}
        return getattr(self._iam, f"get_{kind}_policy")(**request)["PolicyDocument"]
