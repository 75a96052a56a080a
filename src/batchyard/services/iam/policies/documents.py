"""Policy documents: checked when they come in, kept as sent, percent-encoded when they go out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from urllib.parse import quote

import orjson

from batchyard.framework.errors import ApiError
from batchyard.policy.document import Kind, MalformedPolicy, Policy, parse
from batchyard.services.iam.service import iam

MANAGED_SIZE = 6144
TRUST_SIZE = 2048
INLINE_SIZE = {"user": 2048, "group": 5120, "role": 10240}
"""Quotas of iam-evaluation.md 9: characters, without white space; inline policies for all of one owner's together."""


_QUOTAS: Mapping[str, tuple[str, int]] = {
    "managed": ("PolicySize", MANAGED_SIZE),
    "trust": ("ACLSizePerRole", TRUST_SIZE),
    "identity": ("PolicySize", max(INLINE_SIZE.values())),
}
_LARGEST = 20_480
"""More than any quota: such a document is refused for its size before it is read [guess: the order]."""


def check(document: str, kind: Kind, partition: str) -> Policy:
    """The policy of this kind that the document is; raises MalformedPolicyDocument where it is none.

    A document that is larger than every quota is refused as LimitExceeded.
    Trust policies that are no JSON have words of their own (recorded: SNAP).
    """
    if size(document) > _LARGEST:
        name, quota = _QUOTAS.get(kind, _QUOTAS["identity"])
        raise over_quota(name, quota)
    if kind == "trust" and not _is_json(document):
        raise iam.error.MalformedPolicyDocumentException("This policy contains invalid Json")
    try:
        return parse(document, kind=kind, partition=partition)
    except MalformedPolicy as error:
        raise iam.error.MalformedPolicyDocumentException(str(error)) from error


def _is_json(document: str) -> bool:
    try:
        orjson.loads(document)
    except orjson.JSONDecodeError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def encode(document: str) -> str:
    """The document as IAM's answers carry it: RFC 3986 percent-encoded."""
    return quote(document, safe="")


def size(document: str) -> int:
    """How much of a quota the document takes: its characters without white space."""
    return len("".join(document.split()))


def refuse_over(document: str, quota: int, name: str) -> None:
    """Raise LimitExceeded in IAM's words where the document is larger than a quota."""
    if size(document) > quota:
        raise over_quota(name, quota)


def over_quota(name: str, quota: int) -> ApiError:
    """LimitExceeded: `Cannot exceed quota for PoliciesPerRole: 10` (text as in people's logs)."""
    return iam.error.LimitExceededException(f"Cannot exceed quota for {name}: {quota}")
