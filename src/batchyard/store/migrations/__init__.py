"""The changes of the database's layout, one numbered file each, in one order for the whole system."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from batchyard.store.failures import NewerDatabase

if TYPE_CHECKING:
    from sqlalchemy import Connection


def numbered() -> list[tuple[int, str]]:
    """(number, module name) of each migration, in order."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name[:4].isdigit()]
    return sorted((int(name[:4]), name) for name in names)


def migrate(connection: Connection) -> None:
    """Bring the database to this version's layout, each migration in a transaction of its own.

    Raises NewerDatabase, and changes nothing, where the file's layout is unknown here.
    """
    driver: Any = connection.connection.dbapi_connection
    at = driver.execute("PRAGMA user_version").fetchone()[0]
    steps = numbered()
    if steps and at > steps[-1][0]:
        raise NewerDatabase(at, steps[-1][0])
    for number, name in steps:
        if number <= at:
            continue
        statements = importlib.import_module(f"{__name__}.{name}").STATEMENTS
        driver.execute("BEGIN IMMEDIATE")
        for statement in statements:
            driver.execute(statement)
        driver.execute(f"PRAGMA user_version={number}")
        driver.execute("COMMIT")
