"""The kinds of things with a name — users, groups, roles, policies, profiles, …: ARNs, rows, pages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select, update

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam import tables
from batchyard.services.iam.service import iam
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

Row = Any
USUAL_PAGE = 100
LONGEST_POSITION = 200
"""Bytes. A Marker has 320 characters at most (the model), which hold 240 bytes; its seal takes some of them."""
_KEPT_CHARACTERS = 40


@dataclass(frozen=True)
class Noun:
    """One kind: its table, the prefix of its unique ids, its place in ARNs, and AWS's words about it."""

    kind: str
    """As it stands in ARNs: `user`, `instance-profile`."""
    member: str
    """The request member that holds its name: UserName."""
    table: Table
    id_prefix: str
    missing: str
    """NoSuchEntity's text, as recorded (slr.md 3)."""
    taken: str
    """EntityAlreadyExists' text, as recorded (slr.md 3)."""
    _by_name: Prepared = field(init=False, repr=False, compare=False)
    _by_id: Prepared = field(init=False, repr=False, compare=False)
    _page: Prepared = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        columns = self.table.c
        of_account = (columns.partition == bindparam("in_partition")) & (columns.account == bindparam("of"))
        by_name = select(self.table).where(of_account, columns.name_key == bindparam("key"))
        under = func.substr(columns.path, 1, func.length(bindparam("prefix"))) == bindparam("prefix")
        page = select(self.table).where(of_account, columns.name_key > bindparam("after"), under)
        by_id = select(self.table).where(columns.id == bindparam("wanted"))
        # The dataclass is frozen to be a dictionary key; these three never change after this.
        object.__setattr__(self, "_by_name", Prepared(by_name))
        object.__setattr__(self, "_by_id", Prepared(by_id))
        object.__setattr__(self, "_page", Prepared(page.order_by(columns.name_key).limit(bindparam("count"))))

    def arn(self, partition: str, account: str, path: str, name: str) -> str:
        """The ARN of a thing of this kind; IAM's ARNs have no Region."""
        return f"arn:{partition}:iam::{account}:{self.kind}{path}{name}"

    def arn_of(self, row: Row) -> str:
        """The ARN of a row."""
        return self.arn(row.partition, row.account, row.path, row.name)

    def find(self, tx: Transaction, partition: str, account: str, name: str) -> Row | None:
        """The row with this name, whatever its path and the name's case; or None."""
        return tx.first(self._by_name, in_partition=partition, of=account, key=name.lower())

    def find_by_id(self, tx: Transaction, unique_id: str) -> Row | None:
        """The row with this unique id, or None."""
        return tx.first(self._by_id, wanted=unique_id)

    def list_after(
        self, tx: Transaction, partition: str, account: str, *, after: str, prefix: str, count: int
    ) -> list[Row]:
        """Up to `count` rows below a path, in the order of their names, behind the name key `after`."""
        return list(
            tx.all(self._page, in_partition=partition, of=account, after=after, prefix=prefix, count=count)
        )


USER = Noun(
    "user",
    "UserName",
    tables.users,
    "AIDA",
    "The user with name {name} cannot be found.",
    "User with name {name} already exists.",
)
GROUP = Noun(
    "group",
    "GroupName",
    tables.groups,
    "AGPA",
    "The group with name {name} cannot be found.",
    "Group with name {name} already exists.",
)
ROLE = Noun(
    "role",
    "RoleName",
    tables.roles,
    "AROA",
    "The role with name {name} cannot be found.",
    "Role with name {name} already exists.",
)
POLICY = Noun(
    "policy",
    "PolicyName",
    tables.policies,
    "ANPA",
    "Policy {name} was not found.",
    "A policy called {name} already exists. Duplicate names are not allowed.",
)
INSTANCE_PROFILE = Noun(
    "instance-profile",
    "InstanceProfileName",
    tables.instance_profiles,
    "AIPA",
    "Instance Profile {name} cannot be found.",
    "Instance Profile {name} already exists.",
)
SERVER_CERTIFICATE = Noun(
    "server-certificate",
    "ServerCertificateName",
    tables.server_certificates,
    "ASCA",
    "The Server Certificate with name {name} cannot be found.",
    "The Server Certificate with name {name} already exists.",
)
MFA_DEVICE = Noun(
    "mfa",
    "VirtualMFADeviceName",
    tables.mfa_devices,
    "AMFA",
    "MFA Device with serial number {name} does not exist.",
    "MFA device already exists.",
)
"""Its serial number is its ARN."""

BY_KIND = {noun.kind: noun for noun in (USER, GROUP, ROLE, POLICY, INSTANCE_PROFILE)}


def no_such(noun: Noun, name: str) -> ApiError:
    """NoSuchEntity for a name that nothing of this kind has."""
    return iam.error.NoSuchEntityException(noun.missing.format(name=name))


def find(ctx: Context, noun: Noun, name: str) -> Row | None:
    """The caller's account's thing with this name, or None."""
    return noun.find(ctx.read, ctx.partition, ctx.account, name)


def require(ctx: Context, noun: Noun, name: str) -> Row:
    """The caller's account's thing with this name; raises NoSuchEntity."""
    row = find(ctx, noun, name)
    if row is None:
        raise no_such(noun, name)
    return row


def insert_new(ctx: Context, noun: Noun, name: str, **values: Any) -> Row:
    """Insert a row under a new unique id; raises EntityAlreadyExists where the name is taken."""
    refuse_taken(ctx, noun, name)
    unique_id = ids.principal_id(noun.id_prefix)
    row = {
        "partition": ctx.partition,
        "account": ctx.account,
        "name_key": name.lower(),
        "name": name,
        "path": "/",
        "id": unique_id,
        "created_at": ctx.now.replace(microsecond=0),
        "tags": {},
    }
    ctx.write.run(insert(noun.table).values(**{**row, **values}))
    return noun.find_by_id(ctx.write, unique_id)


def refuse_taken(ctx: Context, noun: Noun, name: str) -> None:
    """Raise EntityAlreadyExists where something of this kind has the name, in whatever case and path."""
    if find(ctx, noun, name) is not None:
        raise iam.error.EntityAlreadyExistsException(noun.taken.format(name=name))


def update_row(ctx: Context, noun: Noun, row: Row, **values: Any) -> Row:
    """Change columns of a row; answers the row as it is now."""
    ctx.write.run(update(noun.table).where(noun.table.c.id == row.id).values(**values))
    return noun.find_by_id(ctx.write, row.id)


def delete_row(ctx: Context, noun: Noun, row: Row) -> None:
    """Forget a row; what hangs on it is for the caller to have removed."""
    ctx.write.run(delete(noun.table).where(noun.table.c.id == row.id))


def rename(ctx: Context, noun: Noun, row: Row, *, name: str | None, path: str | None) -> None:
    """Give a user or group another name or path; its unique id stays."""
    values: dict[str, str] = {}
    if name is not None:
        if name.lower() != row.name_key:
            refuse_taken(ctx, noun, name)
        values |= {"name": name, "name_key": name.lower()}
    if path is not None:
        values["path"] = path
    if values:
        update_row(ctx, noun, row, **values)


def list_page(ctx: Context, noun: Noun, request: Any) -> tuple[list[Row], dict[str, Any]]:
    """One page of the account's things below PathPrefix, and the answer's IsTruncated and Marker."""
    count = request.get("MaxItems", USUAL_PAGE)
    rows = noun.list_after(
        ctx.read,
        ctx.partition,
        ctx.account,
        after=position(request),
        prefix=request.get("PathPrefix", "/"),
        count=count + 1,
    )
    return rows[:count], page_end(rows, count, lambda row: row.name_key)


def cut_page(items: list[Any], request: Any, key: Any) -> tuple[list[Any], dict[str, Any]]:
    """One page of a short listing that was read whole; `key(item)` is its text position."""
    count = request.get("MaxItems", USUAL_PAGE)
    rest = _behind(sorted(items, key=key), key, position(request))
    return rest[:count], page_end(rest, count, lambda item: _mark(key(item)))


def _behind(items: list[Any], key: Any, mark: str) -> list[Any]:
    """What follows the marked item; where that went meanwhile, what follows its place."""
    if not mark:
        return items
    for number, item in enumerate(items):
        if _mark(key(item)) == mark:
            return items[number + 1 :]
    beginning = mark.partition("\0")[0]
    return [item for item in items if key(item) > beginning]


def _mark(key: str) -> str:
    """The key; of a long one, for which a Marker has no room, its beginning and a digest."""
    if len(key.encode()) <= LONGEST_POSITION:
        return key
    return f"{key[:_KEPT_CHARACTERS]}\0{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def position(request: Any) -> str:
    """Behind what the page begins."""
    after: str = request.get("Marker", "")
    return after


def page_end(rows: list[Any], count: int, key: Any) -> dict[str, Any]:
    """IsTruncated, and the Marker where more follows."""
    if len(rows) <= count:
        return {"IsTruncated": False}
    return {"IsTruncated": True, "Marker": key(rows[count - 1])}


def tag_list(row: Row) -> list[dict[str, str]]:
    """A row's tags in AWS's shape, in the order in which they were set."""
    return [{"Key": key, "Value": value} for key, value in row.tags.items()]
