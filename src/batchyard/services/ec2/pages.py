"""Pages of EC2's listings: so many as MaxResults says, or as one call may tell, with the position of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.effort import of_answer
from batchyard.services.ec2.filters import PageEnds, Position, position_of
from batchyard.services.ec2.refusals import invalid_value
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_CHUNK = 200


def start(request: Mapping[str, Any]) -> str:
    """The position after which the page begins: "" at the start."""
    return request.get("NextToken") or ""


def limit(request: Mapping[str, Any], *, smallest: int = 5, largest: int = 1000) -> int | None:
    """MaxResults, None where it is not given."""
    given = request.get("MaxResults")
    if given is None:
        return None
    if not smallest <= given <= largest:
        raise invalid_value(
            f"Value ( {given} ) for parameter maxResults is invalid. Expecting a value between {smallest} and"
            f" {largest}."
        )
    return int(given)


def answer(
    ctx: Context,
    request: Mapping[str, Any],
    member: str,
    items: Iterable[Any],
    *,
    position: Position,
    smallest: int = 5,
    largest: int = 1000,
) -> dict[str, Any]:
    """The page: `items` come sorted by `position` from after `start(request)` on.

    They may be an iterator over rows: no more is read than the page takes. It ends early, also where no MaxResults
    is given, when the call has done what it may (EC2 answers so, too, where a listing is long).
    """
    size = limit(request, smallest=smallest, largest=largest)
    found: list[Any] = []
    try:
        for item in items:
            if len(found) == size or (found and ctx.effort.is_used_up):
                return {member: found, "NextToken": position_of(found[-1], position)}
            found.append(item)
            ctx.effort.spend(of_answer(item))
    except PageEnds as end:
        if not end.position:
            raise
        return {member: found, "NextToken": end.position}
    return {member: found}


def sorted_items(
    request: Mapping[str, Any], items: Iterable[dict[str, Any]], *, position: str
) -> list[dict[str, Any]]:
    """A listing that is at hand as a whole, in order and from the page's start on."""
    after = start(request)
    return sorted((one for one in items if one[position] > after), key=lambda one: one[position])


def row_chunks(tx: Transaction, statement: Prepared, after: str, **parameters: Any) -> Iterator[list[Row]]:
    """Rows by id, a chunk at a time; `statement` takes `after` and `size`."""
    while True:
        rows = list(tx.all(statement, after=after, size=_CHUNK, **parameters))
        if rows:
            yield rows
        if len(rows) < _CHUNK:
            return
        after = rows[-1].id
