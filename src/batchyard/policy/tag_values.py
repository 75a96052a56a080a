"""Values of tags in conditions: what holds where a key has several, because two tags' keys differ in case alone.

Names of condition keys are compared without case, tags' keys in most services with it. AWS takes one of such tags
and does not say which (IAM user guide, elements_condition: "the key name matches both tags, but only one value
matches"). So none is taken here: what allows must allow with each of the values, what denies denies with any.
"""

from __future__ import annotations

from collections.abc import Iterable

from batchyard.policy.wildcard import Context, Template, Variable


def is_tag_key(key: str) -> bool:
    """Whether a condition key, in lower case, holds a tag's value: `aws:requesttag/team`, `ec2:resourcetag/team`."""
    prefix, _, name = key.partition("/")
    return name != "" and prefix.endswith("tag")


def tag_variables(templates: Iterable[Template]) -> tuple[str, ...]:
    """The keys of tags that stand in these patterns as variables."""
    found = (token.key for template in templates for token in template.tokens if isinstance(token, Variable))
    return tuple(dict.fromkeys(key for key in found if is_tag_key(key)))


def are_in_doubt(keys: Iterable[str], context: Context) -> bool:
    """Whether one of these tags has several values: what it would put into a pattern, nobody can say."""
    return any(isinstance(value := context.get(key), tuple) and len(set(value)) > 1 for key in keys)
