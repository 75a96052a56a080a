"""Tags of users, roles, policies and instance profiles: tag, untag, list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import (
    INSTANCE_PROFILE,
    POLICY,
    ROLE,
    USER,
    Noun,
    Row,
    cut_page,
    no_such,
    require,
    tag_list,
    update_row,
)
from batchyard.services.iam.policies.managed_policies import check_arn
from batchyard.services.iam.resources import find_policy_row, given_policy, instance_profile, role, user
from batchyard.services.iam.service import iam

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        ListInstanceProfileTagsRequestTypeDef,
        ListPolicyTagsRequestTypeDef,
        ListRoleTagsRequestTypeDef,
        ListUserTagsRequestTypeDef,
        TagInstanceProfileRequestTypeDef,
        TagPolicyRequestTypeDef,
        TagRoleRequestTypeDef,
        TagUserRequestTypeDef,
        UntagInstanceProfileRequestTypeDef,
        UntagPolicyRequestTypeDef,
        UntagRoleRequestTypeDef,
        UntagUserRequestTypeDef,
    )

MOST_TAGS = 50


def checked_tags(noun: Noun, given: Iterable[Any], *, had: dict[str, str] | None = None) -> dict[str, str]:
    """The tags that are there after `given` were set on top of `had`.

    Keys of users and roles ignore case, those of policies and profiles do not (IAM user guide, Tagging IAM
    resources). Raises InvalidInput for a key given twice, LimitExceeded beyond 50.
    """
    fold: Callable[[str], str] = str.lower if noun in (USER, ROLE) else str
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


def set_tags(ctx: Context, noun: Noun, row: Row, request: Any) -> None:
    """Set the request's tags on a thing, over those that it has."""
    update_row(ctx, noun, row, tags=checked_tags(noun, request["Tags"], had=row.tags))
    revisions.changed(ctx)


def take_tags(ctx: Context, noun: Noun, row: Row, request: Any) -> None:
    """Take the tags with the request's keys from a thing; keys that are not there are passed over."""
    fold: Callable[[str], str] = str.lower if noun in (USER, ROLE) else str
    gone = {fold(key) for key in request["TagKeys"]}
    update_row(ctx, noun, row, tags={key: value for key, value in row.tags.items() if fold(key) not in gone})
    revisions.changed(ctx)


def tag_page(row: Row, request: Any) -> dict[str, Any]:
    """One page of a thing's tags, in the order of their keys."""
    tags, end = cut_page(tag_list(row), request, lambda tag: tag["Key"])
    return {"Tags": tags, **end}


def _find(ctx: Context, noun: Noun, request: Any) -> Row:
    if noun is not POLICY:
        return require(ctx, noun, request[noun.member])
    check_arn(request["PolicyArn"])
    row = find_policy_row(ctx, request["PolicyArn"])
    if row is None:
        raise no_such(POLICY, request["PolicyArn"])
    return row


def _tag(ctx: Context, noun: Noun, request: Any) -> None:
    set_tags(ctx, noun, _find(ctx, noun, request), request)


def _untag(ctx: Context, noun: Noun, request: Any) -> None:
    take_tags(ctx, noun, _find(ctx, noun, request), request)


def _list(ctx: Context, noun: Noun, request: Any) -> dict[str, Any]:
    return tag_page(_find(ctx, noun, request), request)


@iam.operation(on=user, tags="Tags", writes=True)
def tag_user(ctx: Context, request: TagUserRequestTypeDef) -> None:
    """Set tags of a user; one that is there gets the new value."""
    _tag(ctx, USER, request)


@iam.operation(on=user, tag_keys="TagKeys", writes=True)
def untag_user(ctx: Context, request: UntagUserRequestTypeDef) -> None:
    """Take tags from a user; keys that are not there are passed over."""
    _untag(ctx, USER, request)


@iam.operation(on=user)
def list_user_tags(ctx: Context, request: ListUserTagsRequestTypeDef) -> dict[str, Any]:
    """List the tags of a user in the order of their keys."""
    return _list(ctx, USER, request)


@iam.operation(on=role, tags="Tags", writes=True)
def tag_role(ctx: Context, request: TagRoleRequestTypeDef) -> None:
    """Set tags of a role; one that is there gets the new value."""
    _tag(ctx, ROLE, request)


@iam.operation(on=role, tag_keys="TagKeys", writes=True)
def untag_role(ctx: Context, request: UntagRoleRequestTypeDef) -> None:
    """Take tags from a role; keys that are not there are passed over."""
    _untag(ctx, ROLE, request)


@iam.operation(on=role)
def list_role_tags(ctx: Context, request: ListRoleTagsRequestTypeDef) -> dict[str, Any]:
    """List the tags of a role in the order of their keys."""
    return _list(ctx, ROLE, request)


@iam.operation(on=given_policy, tags="Tags", writes=True)
def tag_policy(ctx: Context, request: TagPolicyRequestTypeDef) -> None:
    """Set tags of a customer managed policy; one that is there gets the new value."""
    _tag(ctx, POLICY, request)


@iam.operation(on=given_policy, tag_keys="TagKeys", writes=True)
def untag_policy(ctx: Context, request: UntagPolicyRequestTypeDef) -> None:
    """Take tags from a customer managed policy; keys that are not there are passed over."""
    _untag(ctx, POLICY, request)


@iam.operation(on=given_policy)
def list_policy_tags(ctx: Context, request: ListPolicyTagsRequestTypeDef) -> dict[str, Any]:
    """List the tags of a customer managed policy in the order of their keys."""
    return _list(ctx, POLICY, request)


@iam.operation(on=instance_profile, tags="Tags", writes=True)
def tag_instance_profile(ctx: Context, request: TagInstanceProfileRequestTypeDef) -> None:
    """Set tags of an instance profile; one that is there gets the new value."""
    _tag(ctx, INSTANCE_PROFILE, request)


@iam.operation(on=instance_profile, tag_keys="TagKeys", writes=True)
def untag_instance_profile(ctx: Context, request: UntagInstanceProfileRequestTypeDef) -> None:
    """Take tags from an instance profile; keys that are not there are passed over."""
    _untag(ctx, INSTANCE_PROFILE, request)


@iam.operation(on=instance_profile)
def list_instance_profile_tags(
    ctx: Context, request: ListInstanceProfileTagsRequestTypeDef
) -> dict[str, Any]:
    """List the tags of an instance profile in the order of their keys."""
    return _list(ctx, INSTANCE_PROFILE, request)
