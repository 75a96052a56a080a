"""The store: one writer, group commit, snapshots, savepoints."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, select

from batchyard.identity.epochs import epochs
from batchyard.store.failures import DataDirectoryInUse
from batchyard.store.prepared import Prepared
from batchyard.store.sqlite import SqliteStore
from batchyard.store.store import DirectoryLock, Store, open_store
from batchyard.store.transaction import ReadOnly, Transaction
from batchyard.store.writer import WriteOpen

PUT = Prepared(insert(epochs).values(account_id=bindparam("account_id"), epoch=bindparam("epoch")))
COUNT = select(func.count()).select_from(epochs)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path, durable=True)
    yield made
    made.close()


def put(tx: Transaction, name: str) -> None:
    tx.run(PUT, account_id=name, epoch=1)


def count(store: Store) -> int:
    with store.read() as tx:
        row = tx.first(COUNT)
        assert row is not None
        return int(row[0])


def test_a_write_is_seen_once_it_was_answered(store: Store) -> None:
    store.write(lambda tx: put(tx, "a"))
    assert count(store) == 1


def test_a_snapshot_stays_what_it_was(store: Store) -> None:
    with store.read() as tx:
        before = tx.first(COUNT)
        threading.Thread(target=store.write, args=(lambda tx: put(tx, "a"),)).start()
        while count_in_thread(store) == 0:
            pass
        assert tx.first(COUNT) == before
    assert count(store) == 1


def count_in_thread(store: Store) -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(count, store).result()


def test_a_write_that_raises_leaves_nothing_and_the_others_stay(store: Store) -> None:
    def half(tx: Transaction) -> None:
        put(tx, "half")
        raise ValueError("no")

    with ThreadPoolExecutor(8) as pool:
        good = [pool.submit(store.write, lambda tx, n=n: put(tx, f"good-{n}")) for n in range(20)]
        bad = [pool.submit(store.write, half) for _ in range(20)]
        for one in good:
            one.result()
        for one in bad:
            with pytest.raises(ValueError, match="no"):
                one.result()
    assert count(store) == 20


def test_a_savepoint_undoes_only_what_is_within(store: Store) -> None:
    called: list[str] = []

    def outer(tx: Transaction) -> None:
        put(tx, "kept")
        tx.after_commit(lambda: called.append("kept"))
        with pytest.raises(ValueError, match="no"):
            undone(tx)

    def undone(tx: Transaction) -> None:
        with tx.savepoint():
            put(tx, "undone")
            tx.after_commit(lambda: called.append("undone"))
            raise ValueError("no")

    store.write(outer)
    assert count(store) == 1
    assert called == ["kept"]


def test_what_was_noted_is_undone_with_its_savepoint(store: Store) -> None:
    """A note says that something is written: one that outlives its write would keep the next from being made."""

    def write(tx: Transaction) -> list[Any]:
        tx.note("early", 10)
        with contextlib.suppress(ValueError), tx.savepoint():
            tx.note("within", 1)
            tx.note("early", 5)
            raise ValueError
        return [tx.noted("early"), tx.noted("within")]

    assert store.write(write) == [10, None]


def test_writes_that_wait_together_share_a_commit(tmp_path: Path) -> None:
    commits: list[int] = []
    store = open_store(tmp_path, durable=True, commit_hook=lambda number, when: commits.append(number))
    assert isinstance(store, SqliteStore)
    gate = threading.Event()
    with ThreadPoolExecutor(33) as pool:
        first = pool.submit(store.write, lambda tx: gate.wait(10))
        rest = [pool.submit(store.write, lambda tx, n=n: put(tx, str(n))) for n in range(32)]
        while len(store.writer._of_threads) < 32:
            pass
        gate.set()
        first.result()
        for one in rest:
            one.result()
    assert count(store) == 32
    store.close()
    assert max(commits) <= 4


def test_a_snapshot_refuses_to_write(store: Store) -> None:
    with store.read() as tx, pytest.raises(ReadOnly):
        put(tx, "a")


def test_the_writer_refuses_to_wait_for_itself(store: Store) -> None:
    def nested(tx: Transaction) -> Any:
        return store.write(lambda inner: None)

    with pytest.raises(WriteOpen):
        store.write(nested)


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    first = open_store(tmp_path, durable=True)
    first.write(lambda tx: put(tx, "a"))
    first.close()
    second = open_store(tmp_path, durable=True)
    assert count(second) == 1
    second.close()


def test_one_data_directory_has_one_server(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    with pytest.raises(DataDirectoryInUse):
        DirectoryLock(tmp_path)
    lock.release()
    DirectoryLock(tmp_path).release()
