"""The condition keys of tags. Policies see no case in keys: tags that differ in it alone give all their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.framework.check import Values


def by_folded_key(tags: Iterable[tuple[str, str]]) -> dict[str, Values]:
    """Tags by their keys in lower case; those whose keys differ in case alone keep each different value.

    What a policy makes of several values: `policy/tag_values.py`.
    """
    found: dict[str, dict[str, None]] = {}
    for key, value in tags:
        found.setdefault(key.lower(), {})[value] = None
    return {key: tuple(values) if len(values) > 1 else next(iter(values)) for key, values in found.items()}


def request_tag_keys(tags: Iterable[tuple[str, str]]) -> dict[str, Values]:
    """aws:RequestTag/… and aws:TagKeys of the tags that a request gives; nothing where it gives none."""
    given = list(tags)
    keys: dict[str, Values] = {f"aws:requesttag/{key}": value for key, value in by_folded_key(given).items()}
    if given:
        keys["aws:tagkeys"] = tuple(dict.fromkeys(key for key, _ in given))
    return keys


def principal_tag_keys(*sources: Mapping[str, str]) -> dict[str, Values]:
    """aws:PrincipalTag/… of a caller with the tags of several sources; what comes later goes over what was before."""
    merged: dict[str, Values] = {}
    for tags in sources:
        merged |= by_folded_key(tags.items())
    return {f"aws:principaltag/{key}": value for key, value in merged.items()}


def request_tags(given: Any) -> list[tuple[str, str]]:
    """A request's tags, whichever of AWS's three forms they have: a map, a list of pairs, EC2's specifications."""
    if isinstance(given, Mapping):
        return [(str(name), str(value)) for name, value in given.items()]
    tags: list[tuple[str, str]] = []
    for item in given or ():
        if "Tags" in item:
            tags += request_tags(item["Tags"])
            continue
        name = item.get("Key", item.get("key"))
        if name is not None:
            tags.append((str(name), str(item.get("Value", item.get("value")) or "")))
    return tags
