"""What an engine has wait for a slot: it starts when one comes free, and nothing of it is started twice or lost."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from engines.process_variants import of_process  # noqa: F401
from engines.running import MakeEngine, Runs, only, spec, until


def states(runs: Runs, *names: str) -> list[str]:
    return [status.state for status in runs.engine.poll(names)]


def test_those_beyond_the_slots_wait_and_follow_in_order(make_engine: MakeEngine, tmp_path: Path) -> None:
    runs = Runs(make_engine(slots=2))
    script = f"echo $0 >> {tmp_path}/order; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    names = [f"a{number}" for number in range(6)]
    started = runs.engine.start([spec(name, "/bin/sh", "-c", script, name) for name in names])
    assert [status.state for status in started] == ["running"] * 2 + ["queued"] * 4
    assert states(runs, *names) == ["running"] * 2 + ["queued"] * 4
    order = tmp_path / "order"
    until(lambda: order.exists() and set(order.read_text().split()) == {"a0", "a1"})
    (tmp_path / "go").touch()
    assert {only(status).exit_code for status in runs.wait(*names)} == {0}
    assert sorted(order.read_text().split()) == names


def test_what_leaves_the_queue_is_told(make_engine: MakeEngine) -> None:
    engine = make_engine(slots=1)
    told: set[str] = set()
    engine.subscribe(told.update)
    engine.start([spec("first", "true"), spec("second", "sleep 1000")])
    until(lambda: "second" in told)
    assert engine.poll(["second"])[0].state == "running"
    engine.stop(["second"], force=True)


def test_one_that_waits_is_stopped_before_it_began(make_engine: MakeEngine, tmp_path: Path) -> None:
    runs = Runs(make_engine(slots=1))
    runs.engine.start([spec("long", "sleep 1000"), spec("never", f"touch {tmp_path}/began")])
    runs.engine.stop(["never"], force=False)
    assert states(runs, "never") == ["unknown"]
    runs.engine.stop(["long"], force=True)
    runs.wait("long")
    assert not (tmp_path / "began").exists()
    assert [path.name for path in (tmp_path / "engine/attempts").iterdir()] == ["long"]


def test_an_account_that_ends_waits_no_longer(make_engine: MakeEngine) -> None:
    runs = Runs(make_engine(slots=1))
    runs.engine.start([spec("long", "sleep 1000", account="1"), spec("other", "true", account="2")])
    assert runs.engine.stop_account("2") == ["other"]
    assert states(runs, "other") == ["unknown"]
    runs.engine.stop(["long"], force=True)


def test_the_next_server_knows_who_holds_the_slots(make_engine: MakeEngine, tmp_path: Path) -> None:
    """What waited is unknown to it, and is started once when it is asked for again."""
    script = f"echo >> {tmp_path}/starts; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    both = [spec("first", script), spec("second", script)]
    before = make_engine(slots=1)
    before.start(both)
    before.close(end_attempts=False)
    runs = Runs(make_engine(slots=1))
    assert [status.attempt for status in runs.engine.recover()] == ["first"]
    assert states(runs, "first", "second") == ["running", "unknown"]
    assert [status.state for status in runs.engine.start(both)] == ["running", "queued"]
    (tmp_path / "go").touch()
    runs.wait("first", "second")
    assert (tmp_path / "starts").read_text() == "\n\n"


def test_many_threads_start_each_once(make_engine: MakeEngine, tmp_path: Path) -> None:
    runs = Runs(make_engine(slots=3))
    specs = [spec(f"a{number}", f"echo >> {tmp_path}/a{number}") for number in range(40)]
    threads = [threading.Thread(target=runs.engine.start, args=(specs,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs.wait(*(one.attempt for one in specs))
    assert [(tmp_path / one.attempt).read_text() for one in specs] == ["\n"] * 40


def test_a_lost_supervisor_gives_the_slots_back(make_engine: MakeEngine) -> None:
    runs = Runs(make_engine(slots=1))
    runs.engine.start([spec("long", "sleep 1000"), spec("after", "true")])
    os.kill(runs.engine.describe()["supervisor"], signal.SIGKILL)
    lost, after = runs.wait("long", "after")
    assert (lost.state, after.state, only(after).exit_code) == ("lost", "exited", 0)


def test_four_of_16_gib_start_one_after_another_on_a_machine_of_24(
    make_engine: MakeEngine, tmp_path: Path
) -> None:
    """Each notes how many of them run at that moment, and ends when it is told to."""
    runs = Runs(make_engine(slots=8, memory_mib=24 * 1024))
    script = (
        f"mkdir -p {tmp_path}/now; touch {tmp_path}/now/$0; ls {tmp_path}/now | wc -l; "
        f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; rm {tmp_path}/now/$0"
    )
    names = [f"a{number}" for number in range(4)]
    limits = {"reserved_mib": 16 * 1024}
    runs.engine.start([spec(name, "/bin/sh", "-c", script, name, **limits) for name in names])
    assert states(runs, *names) == ["running", "queued", "queued", "queued"]
    (tmp_path / "go").touch()
    runs.wait(*names)
    assert [runs.lines(name) for name in names] == [["1"]] * 4


def test_what_runs_is_counted_after_a_restart(make_engine: MakeEngine) -> None:
    before = make_engine(slots=8, memory_mib=24 * 1024)
    before.start([spec("old", "sleep 1000", reserved_mib=16 * 1024)])
    before.close(end_attempts=False)
    runs = Runs(make_engine(slots=8, memory_mib=24 * 1024))
    runs.engine.recover()
    large, small = (
        spec("large", "true", reserved_mib=16 * 1024),
        spec("small", "true", account="2", reserved_mib=1024),
    )
    assert runs.engine.start([large, small])[0].state == "queued"
    runs.wait("small")
    runs.engine.stop(["old"], force=True)
    runs.wait("large")
