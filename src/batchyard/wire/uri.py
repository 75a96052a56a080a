"""URI templates of rest-json: which operation's a path is, and the labels in it."""

from __future__ import annotations

import functools
import re

_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


@functools.lru_cache(maxsize=4096)
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    path = template.partition("?")[0]
    parts: list[str] = []
    names: list[str] = []
    end = 0
    for found in _LABEL.finditer(path):
        parts.append(re.escape(path[end : found.start()]))
        names.append(found.group(1))
        is_arn = found.group(1) == "resourceArn" and found.end() == len(path)
        parts.append("(.+)" if found.group(2) or is_arn else "([^/]+)")
        end = found.end()
    parts.append(re.escape(path[end:]))
    return re.compile("".join(parts)), tuple(names)


def match(template: str, path: str) -> dict[str, str] | None:
    """The labels of a raw path by name (still percent-encoded), or None where the path is not of the template.

    A `resourceArn` that is last takes what is left, slashes included: some clients send ARNs unencoded.
    """
    pattern, names = _pattern(template)
    found = pattern.fullmatch(path)
    if found is None:
        return None
    return dict(zip(names, found.groups(), strict=True))


def is_specific(template: str) -> int:
    """How much of a template is fixed text: the more, the earlier it is tried."""
    return len(_LABEL.sub("", template.partition("?")[0]))
