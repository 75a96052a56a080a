"""Pages of EC2's listings: everything where no MaxResults is given, else so many, with the position of the rest.

Texts of errors without a source were not compared with AWS's [guess].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

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
    request: Mapping[str, Any],
    member: str,
    items: Iterable[Any],
    *,
    position: str | Callable[[Any], str],
    smallest: int = 5,
    largest: int = 1000,
) -> dict[str, Any]:
    """The page: `items` come sorted by `position` (a member, or a function) from after `start(request)` on.

    They may be an iterator over rows: no more is read than the page takes.
    """
    size = limit(request, smallest=smallest, largest=largest)
    found = list(items if size is None else islice(items, size + 1))
    if size is None or len(found) <= size:
        return {member: found}
    shown = found[:size]
    last = shown[-1][position] if isinstance(position, str) else position(shown[-1])
    return {member: shown, "NextToken": str(last)}


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
