"""Docker's frames as lines, and cursors that find their place again."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.engines.docker.frames import Frame, Frames, nanoseconds
from batchyard.engines.docker.lines import LONGEST_MESSAGE, Lines, Position

SECOND = 1_000_000_000


def taken(frames: list[Frame], cursor: str, limit: int) -> tuple[list[tuple[int, str]], str]:
    """What a reader that begins anew at a cursor gets, as the daemon gives it frames from its time on."""
    position = Position.of(cursor)
    lines = Lines(position)
    events = list(lines.take(deque(one for one in frames if one.at_ns >= position.since_ns), limit))
    return events, lines.position.cursor


@pytest.mark.parametrize(
    ("stamp", "wanted"),
    [
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T00:00:00.000000007Z", 7),
        ("1970-01-01T01:00:01+01:00", SECOND),
        ("0001-01-01T00:00:00Z", 0),
    ],
)
def test_dockers_times(stamp: str, wanted: int) -> None:
    assert nanoseconds(stamp) == wanted


def test_frames_are_cut_wherever_the_bytes_break() -> None:
    payload = b"1970-01-01T00:00:01Z hello\n"
    data = bytes([2, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload
    frames = Frames()
    found = [one for part in (data[:3], data[3:11], data[11:] + data) for one in frames.feed(part)]
    assert found == [Frame(2, SECOND, b"hello\n")] * 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2]), st.integers(-2, 30), st.sampled_from([b"x\n", b"part", b"\n", b"\xff\n"])
        ),
        max_size=60,
    ),
    st.integers(1, 7),
)
def test_a_reader_that_begins_anew_at_each_cursor_gets_each_line_once(
    made: list[tuple[int, int, bytes]], limit: int
) -> None:
    at = 100 * SECOND
    frames = []
    for stream, later, data in made:
        at += later * SECOND // 3
        frames.append(Frame(stream, at, data))
    whole, _ = taken(frames, "", 10_000)
    found: list[tuple[int, str]] = []
    cursor = ""
    for _ in range(len(frames) + 1):
        events, after = taken(frames, cursor, limit)
        found += events
        if after == cursor:
            break
        cursor = after
    assert [text for _, text in found] == [text for _, text in whole]


def test_events_of_one_reading_are_in_order_of_time() -> None:
    frames = [Frame(1, 9 * SECOND, b"a\n"), Frame(2, 8 * SECOND, b"b\n")]
    assert taken(frames, "", 10)[0] == [(9000, "a"), (9000, "b")]


def test_a_line_without_end_is_cut_between_characters() -> None:
    half = "ü".encode() * 8192
    frames = [Frame(1, number, half) for number in range(40)]
    events, _ = taken(frames, "", 100)
    assert all(len(text.encode()) <= LONGEST_MESSAGE for _, text in events)
    assert set("".join(text for _, text in events)) == {"ü"}


def test_far_behind_little_is_read_again() -> None:
    frames = [Frame(1, number * SECOND, b"line\n") for number in range(5000)]
    _, cursor = taken(frames, "", 10_000)
    assert Position.of(cursor).taken < 50
    assert taken(frames, cursor, 10)[0] == []
