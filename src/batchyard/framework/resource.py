"""A type of AWS resource: its ARN, its tags, and the targets that `on=` lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check, Tags, Target, members

if TYPE_CHECKING:
    from batchyard.framework.context import Context


@dataclass(frozen=True, slots=True)
class ResourceType:
    """`ResourceType("batch", "job-queue/{name}", find_tags=…)`.

    `find_tags(ctx, arn)` gives the resource's tags, or None where it does not exist. A `has_region=False` type
    (IAM's) has an ARN without Region.
    """

    service: str
    template: str
    find_tags: Callable[[Context, str], Tags | None] | None = None
    has_region: bool = True

    def arn(self, ctx: Context, **parts: str) -> str:
        """The ARN of this type's resource in the call's account and Region."""
        region = ctx.region if self.has_region else ""
        return f"arn:{ctx.partition}:{self.service}:{region}:{ctx.account}:" + self.template.format(**parts)

    def arn_of(self, ctx: Context, name_or_arn: str) -> str:
        """An ARN as given, or that of the resource with this name."""
        return name_or_arn if name_or_arn.startswith("arn:") else self.arn(ctx, name=name_or_arn)

    def check(self, ctx: Context, arn: str, **context: str | tuple[str, ...]) -> Check:
        """The check on one resource of this type, with its tags at hand."""
        find = self.find_tags
        owner = arn.split(":", 5)[4] if arn.count(":") >= 5 else ""
        return Check(
            resource=arn,
            context=context,
            tags=(lambda: find(ctx, arn)) if find else None,
            account=owner or None,
        )

    def named(self, path: str) -> Target:
        """Each resource whose name (or ARN) stands at `path` of the request; a list there means several."""

        def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
            return [self.check(ctx, self.arn_of(ctx, value)) for value in members(request, path)]

        return checks

    def fixed(self, **parts: str) -> Target:
        """The resource with these template parts, whatever the request says: `job.fixed(id="*")`."""
        return lambda ctx, request: [self.check(ctx, self.arn(ctx, **parts))]
