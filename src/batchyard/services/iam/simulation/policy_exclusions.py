"""PolicyExclusionList: which of a principal's policies a simulation leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from batchyard.framework.errors import ApiError
from batchyard.policy.sources import Source
from batchyard.services.iam.service import iam

Excluded = Callable[[Source], bool]
_INLINE = ("user", "group", "role")
_ARN = re.compile(r"(arn:[a-z0-9-]+:iam::(?:aws|[0-9]{12}):policy/(?:[^*?]+/)?)([^/]+)", re.ASCII)


def exclusions(identifiers: Iterable[Any]) -> Excluded:
    """Whether a policy is excluded by one of the identifiers; those that match none are passed over.

    Raises InvalidInput for what is no identifier: not exactly one member, a malformed ARN, a wildcard outside
    the name, more than one `*` (botocore, PolicyIdentifier; the texts are guesses).
    """
    tests = [_test(identifier) for identifier in identifiers]
    return lambda source: any(test(source) for test in tests)


def _test(identifier: Any) -> Excluded:
    if len(identifier) != 1:
        raise _invalid("exactly one of PolicyType, PolicyArn or InlinePolicyIdentifier must be given")
    if "PolicyType" in identifier:
        return _of_type(identifier["PolicyType"])
    if "PolicyArn" in identifier:
        found = _ARN.fullmatch(identifier["PolicyArn"])
        if found is None:
            raise _invalid(f"{identifier['PolicyArn']} is no ARN of managed policies")
        matches = _pattern(found[1], found[2])
        return lambda source: source.kind == "managed" and matches(source.arn or "")
    return _inline(identifier["InlinePolicyIdentifier"])


def _of_type(wanted: str) -> Excluded:
    if wanted == "inline":
        return lambda source: source.kind in _INLINE
    if wanted == "permission-boundary":
        return lambda source: source.kind == "boundary"
    if wanted in ("aws-managed", "user-managed"):
        return lambda source: (
            source.kind == "managed" and ((":iam::aws:" in (source.arn or "")) is (wanted == "aws-managed"))
        )
    # No account here is in an organization: it has no policies of the types scp and rcp.
    return lambda source: False


def _inline(wanted: Any) -> Excluded:
    """By name, owner's kind and owner's name: the model's pattern for that name has no room for wildcards."""
    identity = (wanted["AttachmentType"], wanted["AttachmentName"], wanted["PolicyName"])

    def excluded(source: Source) -> bool:
        owner, _, policy = source.name.rpartition("/")
        return (source.kind, owner.rpartition("/")[2], policy) == identity

    return excluded


def _pattern(prefix: str, name: str) -> Callable[[str], bool]:
    if name.count("*") > 1:
        raise _invalid(f"{name} has more than one *")
    signs = {"*": ".*", "?": "."}
    expression = re.compile(re.escape(prefix) + "".join(signs.get(sign, re.escape(sign)) for sign in name))
    return lambda text: expression.fullmatch(text) is not None


def _invalid(why: str) -> ApiError:
    """Its texts are a [guess]."""
    return iam.error.InvalidInputException(f"Invalid PolicyExclusionList: {why}.")
