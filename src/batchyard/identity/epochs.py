"""Accounts' epochs: a reset raises the account's, and every session and work row of an older epoch is dead."""

from sqlalchemy import Column, Integer, Table, Text, select

from batchyard.store.transaction import Transaction
from batchyard.store.types import metadata
from batchyard.store.upsert import upsert

epochs = Table(
    "epochs",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
)


class Epochs:
    """Every account's epoch; the account `*` counts for all. Changed on the writer alone."""

    def __init__(self, tx: Transaction, kept: dict[str, int]) -> None:
        """Reads them all into `kept`, the sole server's."""
        self._epochs = kept
        kept.update({row.account_id: row.epoch for row in tx.all(select(epochs))})

    def of(self, account: str) -> int:
        """The account's epoch now; 0 for an account that was never reset."""
        return self._epochs.get(account, 0) + self._epochs.get("*", 0)

    def end(self, tx: Transaction, account: str | None) -> None:
        """Begin a new epoch for one account, or for all."""
        key = account or "*"
        value = self._epochs.get(key, 0) + 1
        tx.run(upsert(epochs, {"account_id": key, "epoch": value}))
        self._epochs[key] = value
