"""What attempts write reaches their files: with a full disk, a file that may not grow, a writer that is faster."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchyard.engines.process.capture import PIPE_BYTES, RETRY_SECONDS, Capture, Captures
from engines.running import until


@pytest.fixture
def captures() -> Captures:
    """No pipe yet."""
    return Captures()


@pytest.fixture
def full(captures: Captures) -> Iterator[Capture]:
    """One whose disk is full."""
    capture = captures.open("/dev/full", None)
    yield capture
    os.close(capture.writer)
    captures.close(capture)


def make_room(capture: Capture, path: Path) -> None:
    """From now on its file takes what is written."""
    with open(path, "wb") as file:
        os.dup2(file.fileno(), capture._file)


def looked(captures: Captures) -> Captures:
    """After a look at them."""
    captures.look()
    return captures


def test_a_full_disk_holds_the_output_back(captures: Captures, full: Capture, tmp_path: Path) -> None:
    """Nothing is lost, nothing spins, and what is written meanwhile stays in its order."""
    os.write(full.writer, b"first\n")
    assert not captures.empty(full)
    os.write(full.writer, b"second\n")
    assert not captures.empty(full)
    until(lambda: not looked(captures).are_resting)
    patience = captures.patience()
    assert patience is not None
    assert 0.1 < patience <= RETRY_SECONDS
    make_room(full, tmp_path / "output")
    assert captures.empty(full)
    assert (tmp_path / "output").read_bytes() == b"first\nsecond\n"


def test_a_full_disk_is_tried_again(captures: Captures, full: Capture, tmp_path: Path) -> None:
    os.write(full.writer, b"first\n")
    assert not captures.empty(full)
    make_room(full, tmp_path / "output")
    until(lambda: looked(captures) and not full.holds)
    assert (tmp_path / "output").read_bytes() == b"first\n"
    os.write(full.writer, b"second\n")
    until(lambda: looked(captures) and b"second" in (tmp_path / "output").read_bytes())


def test_an_end_on_a_full_disk_says_what_is_lost(
    captures: Captures, capfd: pytest.CaptureFixture[str]
) -> None:
    capture = captures.open("/dev/full", None)
    os.write(capture.writer, b"first\n")
    os.close(capture.writer)
    assert not captures.empty(capture)
    captures.close(capture)
    assert "lost 6 bytes" in capfd.readouterr().err


def test_a_file_that_may_not_grow_is_its_writers_concern(captures: Captures, tmp_path: Path) -> None:
    """Not the end of whoever captures; the writer gets SIGPIPE, which this process ignores."""
    assert signal.getsignal(signal.SIGXFSZ) is signal.SIG_IGN
    capture = captures.open(str(tmp_path / "output"), None)
    os.write(capture.writer, b"x" * 100)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60, limits[1]))
        until(lambda: captures.empty(capture))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "output").read_bytes() == b"x" * 60
    with pytest.raises(BrokenPipeError):
        os.write(capture.writer, b"more")
    os.close(capture.writer)


def test_a_reader_of_its_own_output_does_not_hold_the_others(
    captures: Captures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted in the pipe may be gone when it is taken."""
    capture = captures.open(str(tmp_path / "output"), None)
    os.write(capture.writer, b"x" * PIPE_BYTES)
    assert capture.waiting() == PIPE_BYTES
    monkeypatch.setattr(Capture, "waiting", lambda self: 2 * PIPE_BYTES)
    assert captures.empty(capture)
    assert (tmp_path / "output").stat().st_size == PIPE_BYTES
    os.close(capture.writer)
    captures.close(capture)
