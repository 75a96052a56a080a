"""What keeps a server from starting is one sentence and a non-zero exit, and nothing is changed."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest

from batchyard.cli.refusal import Refusal
from batchyard.cli.serve import _serve
from batchyard.config import Settings
from batchyard.engines.contract import EngineError
from batchyard.engines.process.engine import ProcessEngine
from batchyard.store.migrations import numbered
from cli.commands import batchyard, contents, mounted, obey_modes, refused, sql
from journeys.served import served


def serve(directory: Path, *arguments: str) -> tuple[str, ...]:
    return ("serve", "--port", "0", "--data-dir", str(directory), *arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--engine", "abacus"),
            "`--engine` takes one of auto, process, docker, slurm, kubernetes, not `abacus`",
        ),
        (("--engine", "slurm"), "the engine `slurm` is not built yet: use `process`"),
        (
            ("--database-url", "postgresql://x"),
            "a database other than the data directory's SQLite is not built yet",
        ),
        (
            ("--notify", "http://example.com/events"),
            "`--notify` takes an `http://` URL on this machine, or a command, not `http://example.com/events`",
        ),
        (("--notify", "https://localhost/"), "`--notify` takes an `http://` URL on this machine"),
        (("--notify", "no-such-command --at all"), "`--notify`: there is no command `no-such-command`"),
        (("--notify", "tee 'told"), "`--notify tee 'told` is no command"),
        (("--test-clock",), "`--test-clock` works with `--ephemeral` only"),
        (
            ("--ephemeral", "--host", "0.0.0.0"),
            "`0.0.0.0` is not a loopback address, and an ephemeral server has",
        ),
    ],
)
def test_settings_that_cannot_be_served(arguments: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    assert refused(batchyard(*serve(tmp_path / "data", *arguments))).startswith(sentence)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.example.com"])
def test_a_listen_address_outside_loopback_without_init(host: str, tmp_path: Path) -> None:
    sentence = refused(batchyard(*serve(tmp_path / "data", "--host", host)))
    assert f"`{host}" in sentence
    assert not (tmp_path / "data").exists()


def test_a_listen_address_outside_loopback_when_the_administrators_key_is_gone(used: Path) -> None:
    sql(used, "UPDATE iam_access_keys SET status='Inactive'")
    done = batchyard(*serve(used, "--host", "0.0.0.0"))
    assert (
        refused(done)
        == f"`0.0.0.0` is not a loopback address, and `{used}` has no administrator's access key"
    )
    assert done.stderr.splitlines()[1] == "help: make it with `batchyard init`"


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = batchyard("serve", "--port", str(port), "--data-dir", str(tmp_path / "data"))
    assert refused(done) == f"cannot listen on `127.0.0.1:{port}`: address already in use"
    assert not (tmp_path / "data").exists()


def test_a_data_directory_in_use(used: Path) -> None:
    with served("--data-dir", str(used)):
        done = batchyard(*serve(used))
    assert refused(done) == f"the data directory `{used}` is in use by a running server"


def test_a_data_directory_on_a_read_only_file_system(tmp_path: Path) -> None:
    with mounted(tmp_path / "ro", "ro") as place:
        done = batchyard(*serve(place / "data"))
    assert refused(done) == f"the data directory cannot be written: `{place}`: permission denied"


def test_a_data_directory_of_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = batchyard(*serve(tmp_path / "data"), before=obey_modes)
    tmp_path.chmod(0o700)
    assert refused(done) == f"the data directory cannot be written: `{tmp_path}`: permission denied"


def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    for directory in (tmp_path / "data", tmp_path / "data" / "below"):
        sentence = refused(batchyard(*serve(directory)))
        assert sentence == f"the data directory cannot be written: `{tmp_path / 'data'}`: not a directory"
    assert (tmp_path / "data").read_text() == "mine"


def test_a_database_of_a_newer_version(used: Path) -> None:
    newest = numbered()[-1][0]
    sql(used, f"PRAGMA user_version={newest + 1}")
    before = contents(used)
    for command in (serve(used), ("init", "--data-dir", str(used), "--user-name", "x")):
        sentence = refused(batchyard(*command))
        assert sentence == (
            f"the data directory was written by a newer version: its layout is {newest + 1}, "
            f"and {newest} is the newest that this version knows"
        )
    assert contents(used).items() >= before.items()


@pytest.mark.parametrize("place", ["the header", "the schema", "a table"])
def test_a_corrupt_database(place: str, used: Path) -> None:
    sql(used, "PRAGMA wal_checkpoint(TRUNCATE)")
    ((root,),) = sql(used, "SELECT rootpage FROM sqlite_schema WHERE name='iam_users'")
    ((size,),) = sql(used, "PRAGMA page_size")
    at = {"the header": 0, "the schema": 100, "a table": (root - 1) * size}[place]
    with open(used / "batchyard.db", "r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 64)
    before = contents(used)
    assert refused(batchyard(*serve(used))).startswith(f"the database `{used / 'batchyard.db'}` is corrupt: ")
    assert contents(used).items() >= before.items()


def test_a_damaged_key_file(used: Path) -> None:
    (used / "key").write_bytes(b"short")
    sentence = refused(batchyard(*serve(used)))
    assert sentence == f"the key file `{used / 'key'}` is damaged: what was encrypted under it cannot be read"


def test_a_key_file_that_was_lost(used: Path) -> None:
    """A new one in its place would leave every access key without its secret."""
    (used / "key").unlink()
    sentence = refused(batchyard(*serve(used)))
    assert sentence == f"the key file `{used / 'key'}` is missing: what was encrypted under it cannot be read"
    assert not (used / "key").exists()


def test_a_full_disk(tmp_path: Path) -> None:
    """A real file system of 4 MiB, where this machine lets us mount one."""
    with mounted(tmp_path / "small", "size=4m") as place:
        done = batchyard(*serve(place / "data"))
        assert refused(done) == (
            f"the disk of the data directory `{place / 'data'}` is full: "
            "4.0 MiB are free, and 16 are needed to start"
        )
        assert list(place.iterdir()) == []


@pytest.mark.slow
def test_a_quota_that_runs_out_while_the_database_is_made(tmp_path: Path) -> None:
    """The kernel refuses to let files grow beyond 100 kB: what a quota on files does, at whichever write it hits."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    sentence = refused(batchyard(*serve(tmp_path / "data"), before=limit))
    assert sentence.startswith("the data directory cannot be written: ")
    assert batchyard("init", "--data-dir", str(tmp_path / "data")).returncode == 0, "and it can be begun anew"


@pytest.mark.slow
def test_a_database_that_was_not_closed_is_in_order(used: Path) -> None:
    """kill -9 leaves a write-ahead log: it is no damage."""
    with served("--data-dir", str(used)) as server:
        server.process.kill()
        server.process.wait(10)
        server.process.returncode = 0
    with served("--data-dir", str(used), "--host", "0.0.0.0"):
        pass


def test_an_engine_that_does_not_start_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supervisor of another version, say, whose jobs still run."""

    def refuse(_: ProcessEngine) -> None:
        raise EngineError("the running supervisor is of another version")

    monkeypatch.setattr(ProcessEngine, "recover", refuse)
    settings = Settings(data_dir=tmp_path / "data", port=0, engine="process")
    with pytest.raises(Refusal, match="the running supervisor is of another version"):
        _serve(settings)
