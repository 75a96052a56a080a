"""LookupEvents: the event history of an account in one Region, newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import MAXYEAR, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from batchyard.clock import LATEST, from_microseconds, microseconds
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.cloudtrail.lookups import Attribute, Place, Window, find_events
from batchyard.services.cloudtrail.records import shown
from batchyard.services.cloudtrail.service import cloudtrail

if TYPE_CHECKING:
    from types_boto3_cloudtrail.type_defs import LookupEventsRequestTypeDef

MOST_EVENTS = 50
LONGEST_VALUE = 2000
_COUNTED_TWICE = "_ ,\n"
_OF_INSIGHTS = ("EventId", "EventName", "EventSource")
_SECOND = timedelta(seconds=1)


@cloudtrail.operation(on=ANY)
def lookup_events(ctx: Context, request: LookupEventsRequestTypeDef) -> dict[str, Any]:
    """A page of events that match the attribute (one at most) and the time range, whose ends count.

    A page may have fewer events, or none, before the last page: where very many others share the short name of the
    ARN that is looked up. `EventCategory` insight has no events: AWS has them for trails with Insights, and there
    are no trails here.
    """
    attribute = _attribute(request)
    start = cast("datetime | None", request.get("StartTime"))
    end = cast("datetime | None", request.get("EndTime"))
    if start is not None and end is not None and start > end:
        raise cloudtrail.error.InvalidTimeRangeException("Start time is after end time.")
    window = _window(request, request.get("MaxResults", MOST_EVENTS) + 1)
    if "EventCategory" in request:
        return {"Events": []}
    limit = window.limit - 1
    place = Place(ctx.account, ctx.partition, ctx.region)
    rows, ended_at = find_events(ctx.read, place, attribute, window, ctx.effort)
    answer: dict[str, Any] = {"Events": [shown(row) for row in rows[:limit]]}
    if len(rows) > limit:
        ended_at = (rows[limit - 1].event_time, rows[limit - 1].sequence)
    if ended_at is not None:
        answer["NextToken"] = f"{microseconds(ended_at[0])}.{ended_at[1]}"
    return answer


def _window(request: Any, limit: int) -> Window:
    """The range and page that are asked for. Event times are told in seconds, so a range is understood in them."""
    window = Window(limit)
    if "StartTime" in request:
        start = _full_second(request["StartTime"])
        window = replace(window, first=start if start == request["StartTime"] else _next_second(start))
    if "EndTime" in request:
        window = replace(window, last=request["EndTime"].replace(microsecond=999_999))
    if "NextToken" in request:
        window = window.after(*_position(request))
    return window


def _full_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _next_second(moment: datetime) -> datetime:
    """A second later, but for the calendar's last year, in which nothing has happened."""
    return moment if moment.year == MAXYEAR else moment + _SECOND


def _attribute(request: Any) -> Attribute | None:
    """The one attribute; InvalidLookupAttributesException for more, or for an impossible attribute (texts: guesses)."""
    given = request.get("LookupAttributes", ())
    if len(given) > 1:
        raise _invalid("You can only specify one lookup attribute.")
    if not given:
        return None
    attribute = Attribute(given[0]["AttributeKey"], given[0]["AttributeValue"])
    if "EventCategory" in request and attribute.key not in _OF_INSIGHTS:
        raise _invalid(f"Insights events cannot be looked up by {attribute.key}.")
    if attribute.key == "ReadOnly" and attribute.value not in ("true", "false"):
        raise _invalid("The value of the lookup attribute ReadOnly must be true or false.")
    if len(attribute.value) + sum(map(attribute.value.count, _COUNTED_TWICE)) > LONGEST_VALUE:
        raise _invalid(f"The value of a lookup attribute can have at most {LONGEST_VALUE} characters.")
    return attribute


def _invalid(text: str) -> Exception:
    return cloudtrail.error.InvalidLookupAttributesException(text)


def _position(request: Any) -> tuple[datetime, int]:
    """Where the page before ended: its last event's time and number."""
    at, _, sequence = request["NextToken"].partition(".")
    moment, number = whole_number(at), whole_number(sequence)
    if moment is None or moment > LATEST or number is None:
        raise InvalidToken(request["NextToken"])
    return from_microseconds(moment), number
