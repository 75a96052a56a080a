"""Write the migration that makes a service's tables: `write_migration.py 05 ecs`, from its tables.py."""

import importlib
import sys
from pathlib import Path

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.schema import CreateIndex, CreateTable

ROOT = Path(__file__).parent.parent
FRAMEWORK = ("batchyard.identity.epochs", "batchyard.framework.work", "batchyard.audit.tables")


def tables_of(service: str) -> list[Table]:
    """The tables that a service's modules define, in the order of definition."""
    modules = FRAMEWORK if service == "framework" else (f"batchyard.services.{service}.tables",)
    found: list[Table] = []
    for module in modules:
        for value in vars(importlib.import_module(module)).values():
            if isinstance(value, Table) and value not in found:
                found.append(value)
    return found


def statements(service: str) -> list[str]:
    """The DDL of a service's tables and indexes."""
    dialect = SQLiteDialect_pysqlite()
    ddl: list[str] = []
    for table in tables_of(service):
        ddl.append(str(CreateTable(table).compile(dialect=dialect)))
        ddl += [str(CreateIndex(index).compile(dialect=dialect)) for index in sorted(table.indexes, key=str)]
    return ["\n".join(line.strip() for line in one.strip().splitlines()) for one in ddl]


def main(number: str, service: str) -> None:
    lines = [f'"""The tables of {service}, as first laid out."""', "", "STATEMENTS: list[str] = ["]
    for one in statements(service):
        lines += ['    """', *(f"    {line}" for line in one.splitlines()), '    """,']
    target = ROOT / "src/batchyard/store/migrations" / f"{int(number):04}_{service}.py"
    target.write_text("\n".join([*lines, "]", ""]))
    print(target)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
