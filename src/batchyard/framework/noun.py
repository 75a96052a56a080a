"""A noun: what a service has many of. One class says what its source, ARN, words and tags are, for every service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from batchyard.framework.check import Check, Tags, Target, Values, members
from batchyard.framework.place import Place, Placed, place
from batchyard.framework.rows import Source
from batchyard.store.transaction import Transaction

if TYPE_CHECKING:
    from batchyard.framework.context import Context
    from batchyard.framework.service import Service

R = TypeVar("R")
Word = Callable[["Context", str], Exception]
"""(context, what the request gave) → the service's error about it."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a service says of a name: that nothing has it, that something has it already, that it is none.

    `malformed` answers None for what is a name; it is asked where nothing was found, before `missing` is said.
    """

    missing: Word
    taken: Word | None = None
    malformed: Callable[[Context, str], Exception | None] | None = None

    def error(self, ctx: Context, given: str) -> Exception:
        """The error for a name that nothing has, or that is no name of this kind."""
        return (self.malformed and self.malformed(ctx, given)) or self.missing(ctx, given)


class Noun(Generic[R]):
    """`Noun(batch, "job-queue/{name}", Rows(job_queues), words=Words(missing=…), given="either")`.

    `arn` is the part of an ARN behind the account; a row's ARN is made of its columns. What stands in it before the
    first placeholder tells the kind (`job-queue`), the rest is what the source finds its things by.
    `given`: what a request names it by. An ARN means what has exactly this ARN, in the account and Region of the call.
    `member`: the request's member that names it, where `named()` is told none.
    `unknown`: for what only a row knows (IAM's path, a group's id), what ARNs have where there is no row. Such a noun
    is looked up before its check is made, any other when a policy asks for its tags.
    `conditions` gives further keys of a check, from the name (or ARN) and the row, which is None where the noun is not
    looked up; `told` what a denial names instead of the ARN, where the request gave a name.
    `owner`: the account in a given ARN owns the thing (aws:ResourceAccount); else it is the caller's.
    `tags` turns what the source keeps into a map; None: it has none.
    """

    def __init__(
        self,
        service: Service,
        arn: str,
        source: Source[R],
        *,
        words: Words,
        given: Literal["name", "arn", "either"] = "name",
        member: str = "",
        unknown: Mapping[str, str] | None = None,
        conditions: Callable[[Context, str, R | None], Mapping[str, Values]] | None = None,
        told: Callable[[Context, str], str] | None = None,
        owner: bool = True,
        tags: Callable[[Any], Tags] | None = dict,
    ) -> None:
        self.service = service
        self.source = source
        self.words = words
        self._given = given
        self.member = member
        self.tags = tags
        self._template = arn
        self._head = arn.split("{", 1)[0]
        self.kind = self._head.rstrip("/:")
        self._unknown = unknown
        self._conditions = conditions
        self._told = told
        self._owner = owner

    def __repr__(self) -> str:
        return f"Noun({self.service.name}, {self.kind})"

    def arn(self, at: Placed, name: str = "", **parts: str) -> str:
        """The ARN of a thing in this account and Region: of its name, or of all that the template has."""
        if parts or self._unknown is not None:
            rest = self._template.format(**{"name": name, **(self._unknown or {}), **parts})
        else:
            rest = self._head + name
        return self._arn(at, rest)

    def arn_of(self, row: Any) -> str:
        """The ARN of a row: its own column, or made of the others."""
        kept: str | None = getattr(row, "arn", None)
        return kept or self._arn(row, self._template.format_map(_Columns(row)))

    def _arn(self, at: Placed, rest: str) -> str:
        region = "" if self.service.is_global else at.region
        return f"arn:{at.partition}:{self.service.prefix}:{region}:{at.account}:{rest}"

    def meant_arn(self, at: Placed, given: str) -> str:
        """The ARN that a request means: as given, or of the thing with this name."""
        is_arn = self._given != "name" and given.startswith("arn:")
        return given if is_arn or self._given == "arn" else self.arn(at, given)

    def is_of(self, arn: str) -> bool:
        """Whether an ARN is of this kind, wherever the thing is."""
        parts = arn.split(":", 5)
        return len(parts) == 6 and parts[2] == self.service.prefix and parts[5].startswith(self._head)

    def name_in(self, arn: str) -> str:
        """What an ARN of this kind has behind the kind: `web` of `…:cluster/web`."""
        return arn.split(":", 5)[-1].removeprefix(self._head)

    def find(self, ctx: Context, given: str) -> R | None:
        """What a request means, by name or ARN as `given` says, in the call's account and Region; or None."""
        if self._given == "name" or (self._given == "either" and not given.startswith("arn:")):
            return self.source.find(ctx.read, place(ctx), given)
        return self.find_by_arn(ctx.read, place(ctx), given)

    def find_named(self, tx: Transaction, where: Place, name: str) -> R | None:
        """What has this name, within an open transaction and anywhere: for controllers and ports."""
        return self.source.find(tx, where, name)

    def find_by_arn(self, tx: Transaction, where: Place, arn: str) -> R | None:
        """What has exactly this ARN and is here, within an open transaction; a noun without Regions asks for none."""
        if not self._is_here(where, arn):
            return None
        row = self.source.find(tx, where, self.name_in(arn))
        is_it = row is not None and self._template.format_map(_Columns(row)) == arn.split(":", 5)[5]
        return row if is_it else None

    def require(self, ctx: Context, given: str) -> R:
        """What has this name; raises the noun's words where nothing has it."""
        row = self.find(ctx, given)
        if row is None:
            raise self.missing(ctx, given)
        return row

    def missing(self, ctx: Context, given: str) -> Exception:
        """The error for a name that nothing has, or that is no name of this kind."""
        return self.words.error(ctx, given)

    def refuse_taken(self, ctx: Context, name: str) -> None:
        """Raise the noun's words where something has the name already."""
        if self.words.taken is not None and self.find_named(ctx.read, place(ctx), name) is not None:
            raise self.words.taken(ctx, name)

    def page(self, ctx: Context, position: str, count: int, **given: Any) -> tuple[Sequence[R], bool]:
        """Up to `count` things behind a position, in the order of their listing; and whether more follow."""
        rows = self.source.after(ctx.read, place(ctx), position, count + 1, **given)
        return rows[:count], len(rows) > count

    def find_tags(self, ctx: Context, arn: str) -> Tags | None:
        """The tags of what has this ARN, or None where nothing has it."""
        where = place(ctx)
        if self.tags is None or not self._is_here(where, arn):
            return None
        kept = self.source.find_tags(ctx.read, where, self.name_in(arn))
        return None if kept is None else self.tags(kept)

    def check(self, ctx: Context, given: str, **context: Values) -> Check:
        """The check on what has this name or ARN, with its tags at hand."""
        if self._unknown is not None:
            return self._check_row(ctx, given, context)
        arn = self.meant_arn(ctx, given)
        further = self._conditions(ctx, given, None) if self._conditions else {}
        return Check(
            resource=arn,
            context={**further, **context},
            tags=lambda: self.find_tags(ctx, arn),
            account=arn.split(":", 5)[4] or None if self._owner and arn.count(":") >= 5 else None,
            told=self._told(ctx, given) if self._told else None,
        )

    def _check_row(self, ctx: Context, given: str, context: Mapping[str, Values]) -> Check:
        row = self.find(ctx, given)
        further = self._conditions(ctx, given, row) if self._conditions else {}
        tags = None if row is None or self.tags is None else self.tags(getattr(row, "tags", {}))
        return Check(
            resource=self.meant_arn(ctx, given) if row is None else self.arn_of(row),
            context={**further, **context},
            tags=lambda: tags,
            told=self._told(ctx, given) if self._told else None,
        )

    def named(self, path: str = "") -> Target:
        """`on=`: each thing whose name (or ARN) stands at `path` of the request; a list there means several."""
        where = path or self.member

        def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
            return [self.check(ctx, given) for given in members(request, where)]

        return checks

    def _is_here(self, where: Place, arn: str) -> bool:
        parts = arn.split(":", 5)
        region = "" if self.service.is_global else where["region"]
        return self.is_of(arn) and parts[1] == where["partition"] and parts[3:5] == [region, where["account"]]


class _Columns(dict[str, Any]):
    """A row's columns by name, for a template."""

    def __init__(self, row: Any) -> None:
        super().__init__()
        self._row = row

    def __missing__(self, name: str) -> Any:
        return getattr(self._row, name)
