"""Session policies as a call gives them, inline and managed, and how much of a session's room they take."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from batchyard.framework.errors import ApiError
from batchyard.policy.document import MalformedPolicy, parse

LONGEST_POLICY = 2048
MOST_POLICY_ARNS = 10
PACKED_BYTES = 2048


def session_policies(request: Any) -> tuple[str, ...] | None:
    """The session's policies; an empty tuple where only managed policies were given, None where none were.

    Raises ValidationError beyond the limits of iam-evaluation.md 7, in the words of a model's limit [guess].
    """
    arns = policy_arns(request)
    if len(arns) > MOST_POLICY_ARNS:
        raise _too_long("policyArns", f"[{', '.join(arns)}]", MOST_POLICY_ARNS)
    if "Policy" not in request:
        return () if arns else None
    if len(request["Policy"]) > LONGEST_POLICY:
        raise _too_long("policy", request["Policy"], LONGEST_POLICY)
    try:
        parse(request["Policy"], kind="session")
    except MalformedPolicy as error:
        raise ApiError("MalformedPolicyDocument", str(error)) from error
    return (request["Policy"],)


def policy_arns(request: Any) -> list[str]:
    """The managed policies that the request names."""
    return [one["arn"] for one in request.get("PolicyArns", ())]


def packed_size(request: Any, tags: Mapping[str, str]) -> dict[str, int]:
    """PackedPolicySize as an answer's member: policies, their ARNs and tags in percent; nothing without any of them.

    AWS packs them in a binary form that it does not tell (botocore, AssumeRole). Here they are compressed, and have
    2,048 bytes [guess]. Raises PackedPolicyTooLarge beyond; text as in people's logs.
    """
    parts = [request.get("Policy", ""), *policy_arns(request)]
    parts += [text for pair in tags.items() for text in pair]
    if not any(parts):
        return {}
    packed = len(zlib.compress("\0".join(parts).encode(), level=9, wbits=-15))
    percent = max(1, -(-packed * 100 // PACKED_BYTES))
    if percent > 100:
        text = f"Packed size of session tags consumes {percent}% of allotted space."
        raise ApiError("PackedPolicyTooLarge", text)
    return {"PackedPolicySize": percent}


def _too_long(member: str, value: str, most: int) -> ApiError:
    """In the words of a model's limit [guess]."""
    text = f"Value '{value}' at '{member}' failed to satisfy constraint: Member must have length less than or equal to"
    return ApiError("ValidationError", f"1 validation error detected: {text} {most}")
