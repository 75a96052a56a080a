"""Tags of IAM's kinds: what they may be. The operations are made of the nouns: TagRole, UntagRole, ListRoleTags, …"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun
from batchyard.framework.tag_operations import TagMembers, TagRules, tag_operations_of
from batchyard.services.iam import revisions
from batchyard.services.iam.federation.providers import OIDC_PROVIDER, SAML_PROVIDER
from batchyard.services.iam.nouns import (
    INSTANCE_PROFILE,
    MFA_DEVICE,
    POLICY,
    ROLE,
    SERVER_CERTIFICATE,
    USER,
    cut_page,
)
from batchyard.services.iam.service import iam
from batchyard.store.prepared import Row

MOST_TAGS = 50


def _fold(noun: Noun[Row]) -> Callable[[str], str]:
    return str.lower if noun in (USER, ROLE) else str


def checked_tags(
    noun: Noun[Row], given: Iterable[Any], *, had: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The tags that are there after `given` were set on top of `had`.

    Keys of users and roles ignore case, those of policies and profiles do not (IAM user guide, Tagging IAM
    resources). Raises InvalidInput for a key given twice, LimitExceeded beyond 50.
    """
    fold = _fold(noun)
    seen: set[str] = set()
    tags = dict(had or {})
    for tag in given:
        key = tag["Key"]
        if fold(key) in seen:
            raise iam.error.InvalidInputException(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        seen.add(fold(key))
        same = next((known for known in tags if fold(known) == fold(key)), None)
        if same is not None and same != key:
            del tags[same]
        tags[key] = tag["Value"]
    if len(tags) > MOST_TAGS:
        raise iam.error.LimitExceededException("The number of tags has reached the maximum limit.")
    return tags


@iam.refuses_reserved_tags
def reserved(ctx: Context, path: str) -> ApiError:
    """That they are refused: IAM user guide, id_tags; code and text: a guess."""
    return iam.error.InvalidInputException(
        "Invalid user tag: tag keys beginning with aws: are reserved for system use"
    )


def _taken(ctx: Context, noun: Noun[Row], kept: Mapping[str, str], keys: Sequence[str]) -> dict[str, str]:
    fold = _fold(noun)
    gone = {fold(key) for key in keys}
    return {key: value for key, value in kept.items() if fold(key) not in gone}


def _page(kept: Mapping[str, str], request: Any) -> dict[str, Any]:
    """One page of a thing's tags, in the order of their keys."""
    listed = [{"Key": key, "Value": value} for key, value in kept.items()]
    tags, end = cut_page(listed, request, lambda tag: tag["Key"])
    return {"Tags": tags, **end}


_RULES = TagRules(
    lambda ctx, noun, kept, given: checked_tags(noun, given, had=kept),
    taken=_taken,
    shown=_page,
    changing=lambda ctx, noun, row, tags: revisions.changed(ctx),
)
_NAMES = {
    USER: "user",
    ROLE: "role",
    POLICY: "policy",
    INSTANCE_PROFILE: "instance_profile",
    SERVER_CERTIFICATE: "server_certificate",
    MFA_DEVICE: "mfa_device",
    OIDC_PROVIDER: "open_id_connect_provider",
    SAML_PROVIDER: "saml_provider",
}
for _noun, _name in _NAMES.items():
    tag_operations_of(_noun, _name, _RULES, TagMembers(_noun.member, "Tags", "TagKeys"))
