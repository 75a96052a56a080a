"""Session tags: those that a call gives, and those that the calling session carries on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.identity.session import Session
from batchyard.services.sts.service import sts


@sts.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """That they are refused: STS API reference, AssumeRole; code and text: a guess."""
    return _invalid("Tag keys beginning with aws: are reserved for system use.")


def session_tags(
    given: Iterable[Mapping[str, Any]], transitive: Iterable[str], caller: Session | None = None
) -> dict[str, str]:
    """The tags of a new session, as {Key, Value} pairs give them, with those carried on from the caller's.

    Raises InvalidParameterValue where they do not fit one another (texts: iam-evaluation.md 7).
    """
    tags: dict[str, str] = {}
    seen: set[str] = set()
    for tag in given:
        if tag["Key"].lower() in seen:
            raise _invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        seen.add(tag["Key"].lower())
        tags[tag["Key"]] = tag["Value"]
    if any(key.lower() not in seen for key in transitive):
        raise _invalid("The specified transitive tag key must be included in the requested tags.")
    carried = {} if caller is None else {key: caller.tags[key] for key in caller.transitive_tag_keys}
    if any(key.lower() in seen for key in carried):
        raise _invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key"
            " from the calling session."
        )
    return tags | carried


def _invalid(text: str) -> ApiError:
    return ApiError("InvalidParameterValue", text)
