"""Where a row lives: account, partition and Region, which every lookup of EC2 begins with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam

from batchyard import ids
from batchyard.framework.place import Place as Place
from batchyard.framework.place import place as place


def at(table: Table) -> ColumnElement[bool]:
    """The rows of one place, as a condition of a prepared statement."""
    return and_(*(table.c[name] == bindparam(name) for name in ("account", "partition", "region")))


def here(table: Table, where: Place) -> ColumnElement[bool]:
    """The rows of this place, as a condition with its values."""
    return and_(*(table.c[name] == value for name, value in where.items()))


def derived_id(where: Place, prefix: str, name: str) -> str:
    """The id of something that every account has in every Region: the same each time it is asked for."""
    whole = ids.uuid3("/".join((where["account"], where["partition"], where["region"], name)))
    return prefix + whole.replace("-", "")[:17]


def arn(where: Place, resource: str) -> str:
    """The ARN of one of EC2's resources: `arn(where, "instance/i-1")`."""
    return f"arn:{where['partition']}:ec2:{where['region']}:{where['account']}:{resource}"


def new_id(prefix: str) -> str:
    """A random id in EC2's long form."""
    return prefix + ids.hexadecimal(17)


def columns_of(table: Table) -> dict[str, Any]:
    """A `bindparam` for each column, for prepared inserts."""
    return {column.name: bindparam(column.name) for column in table.columns}
