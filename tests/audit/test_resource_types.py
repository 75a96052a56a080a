"""The types of resources, of which each event's class has some."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from batchyard.audit.classes import Classes
from batchyard.audit.resource_types import known_kinds, resource_type
from batchyard.audit.tables import event_classes


def test_an_arn_that_somebody_made_up_has_no_kind() -> None:
    arns = ["arn:aws:batch:us-east-1:111111111111:job-queue/one", "arn:aws:x:::y/z", "arn:aws", "name", ""]
    assert known_kinds(arns) == {"batch:job-queue"}
    assert resource_type("arn:aws:x:::y/z") == "AWS::x::y"


def test_made_up_arns_make_no_classes(app: Any) -> None:
    """Each class is a row and an entry in memory for good: callers must not be able to make as many as they like."""
    classes = Classes()
    count = select(func.count().label("number")).select_from(event_classes)

    def write(tx: Any) -> int:
        for number in range(20):
            classes.number(tx, "batch.amazonaws.com", "MadeUp", [f"arn:aws:batch:::absurd-{number}/x"])
        return int(tx.first(count).number)

    before = app.store.write(lambda tx: int(tx.first(count).number))
    assert app.store.write(write) <= before + 1
