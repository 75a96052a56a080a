"""Values that are not built: refused with 501 by a check of the operation's own, and listed in docs/coverage.md."""

from __future__ import annotations

from dataclasses import dataclass

from batchyard.framework.errors import NotBuilt


@dataclass(frozen=True, slots=True)
class UnbuiltValue:
    """What some operations refuse by its value; declared by `Service.unbuilt` beside the check that refuses it."""

    described: str
    """For the docs, as Markdown: the member and which of its values."""
    operations: tuple[str, ...]

    def __call__(self, what: str) -> NotBuilt:
        """The refusal of one such value; `what` names it to the caller."""
        return NotBuilt(what)
