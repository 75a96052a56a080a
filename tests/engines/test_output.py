"""Output as events: nothing lost, nothing doubled, nothing too long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.engines.contract import START
from batchyard.engines.process.output import CHUNK_BYTES, LONGEST_MESSAGE, read_chunk


def read_all(
    path: Path, *, limit: int = 1000, offset: int = 0, has_ended: bool = True
) -> tuple[list[str], int]:
    """Every message from `offset` on and where the reading stopped."""
    messages: list[str] = []
    while True:
        chunk = read_chunk(str(path), cursor=str(offset), limit=limit, has_ended=has_ended)
        assert len(chunk.events) <= limit
        messages += [message for _, message in chunk.events]
        if int(chunk.cursor) == offset:
            return messages, offset
        assert int(chunk.cursor) > offset
        offset = int(chunk.cursor)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write into."""
    return tmp_path_factory.mktemp("output") / "output"


def test_lines_of_all_kinds(output: Path) -> None:
    output.write_bytes(b"one\r\n\n\xfftwo\xc3\n a\rb \nno end\r")
    assert read_all(output) == (["one", "\ufffdtwo\ufffd", " a\rb ", "no end\r"], output.stat().st_size)


def test_a_line_without_its_end_waits_for_it(output: Path) -> None:
    output.write_bytes(b"one\ntw")
    assert read_all(output, has_ended=False) == (["one"], 4)
    output.write_bytes(b"one\ntwo\n")
    assert read_all(output, offset=4, has_ended=False) == (["two"], 8)


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert read_all(tmp_path / "none", offset=7) == ([], 7)


def test_events_carry_the_time_of_the_last_write(output: Path) -> None:
    output.write_bytes(b"one\n")
    os.utime(output, (1_700_000_000, 1_700_000_000.25))
    assert read_chunk(str(output), cursor=START, limit=1, has_ended=False).events == [
        (1_700_000_000_250, "one")
    ]


@pytest.mark.parametrize("character", ["x", "ü", "€", "🐟"])
@pytest.mark.parametrize("has_ended", [True, False])
def test_a_long_line_is_split_between_characters(output: Path, character: str, has_ended: bool) -> None:
    line = "-" + character * (3 * LONGEST_MESSAGE // len(character.encode()))
    output.write_text(f"{line}\nnext\n", encoding="utf-8")
    messages, end = read_all(output, has_ended=has_ended)
    assert ("".join(messages[:-1]), messages[-1], end) == (line, "next", output.stat().st_size)
    assert max(len(message.encode()) for message in messages) <= LONGEST_MESSAGE


def test_a_long_line_of_garbage_stays_within_the_limit(output: Path) -> None:
    output.write_bytes(b"\xff" * (LONGEST_MESSAGE + 1000) + b"\n")
    messages, _ = read_all(output)
    assert "".join(messages) == "\ufffd" * (LONGEST_MESSAGE + 1000)
    assert max(len(message.encode()) for message in messages) <= LONGEST_MESSAGE


def test_a_line_across_chunks_stays_whole(output: Path) -> None:
    lines = ["x" * 1000 + str(number) for number in range(2 * CHUNK_BYTES // 1000)]
    output.write_text("\n".join(lines) + "\n")
    assert read_all(output, limit=100_000)[0] == lines


@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), max_size=30),
    cuts=st.lists(st.integers(0, 2000), max_size=5),
    limit=st.integers(1, 10),
)
def test_reading_while_it_is_written_gives_each_line_once(
    output: Path, lines: list[str], cuts: list[int], limit: int
) -> None:
    written = "\n".join(lines).encode()
    messages: list[str] = []
    offset = 0
    for cut in sorted(cuts):
        output.write_bytes(written[:cut])
        more, offset = read_all(output, limit=limit, offset=offset, has_ended=False)
        messages += more
    output.write_bytes(written)
    messages += read_all(output, limit=limit, offset=offset)[0]
    assert messages == [line for line in lines if line]
