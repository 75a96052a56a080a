"""The kinds of things with a name — users, groups, roles, policies, profiles, …: ARNs, rows, pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import Table, bindparam, delete, func, insert, select, update

from batchyard import ids
from batchyard.framework.check import Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun, Words
from batchyard.framework.rows import Rows
from batchyard.services.iam import tables
from batchyard.services.iam.service import iam
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

USUAL_PAGE = 100
LONGEST_POSITION = 200
"""Bytes. A Marker has 320 characters at most (the model), which hold 240 bytes; its seal takes some of them."""
_KEPT_CHARACTERS = 40


class Named(Rows[Row]):
    """Rows of a kind: by name, whatever its case, and by a unique id, which begins with `id_prefix`."""

    def __init__(self, table: Table, id_prefix: str) -> None:
        below = func.substr(table.c.path, 1, func.length(bindparam("prefix"))) == bindparam("prefix")
        super().__init__(table, ("name_key",), key=_folded, order="name_key", within=below)
        self.id_prefix = id_prefix
        self._by_id = Prepared(select(table).where(table.c.id == bindparam("wanted")))

    def find_by_id(self, tx: Transaction, unique_id: str) -> Row | None:
        """The row with this unique id, or None."""
        return tx.first(self._by_id, wanted=unique_id)


def rows_of(noun: Noun[Row]) -> Named:
    """The rows of a kind: its table, for counts and quotas, and what is known of them alone."""
    source = noun.source
    if not isinstance(source, Named):
        raise TypeError(f"{noun} is none of IAM's")
    return source


def _folded(name: str) -> dict[str, str]:
    """A name as it is known; in ARNs it comes with its path, which begins with a slash, as no name does."""
    return {"name_key": (name.rpartition("/")[2] if name.startswith("/") else name).lower()}


def iam_noun(
    arn: str,
    member: str,
    table: Table,
    id_prefix: str,
    *,
    missing: str,
    taken: str,
    given: Literal["name", "arn"] = "name",
    unknown: Mapping[str, str] = MappingProxyType({"path": "/"}),
    conditions: Callable[[Context, str, Row | None], Mapping[str, Values]] | None = None,
    malformed: Callable[[Context, str], Exception | None] | None = None,
) -> Noun[Row]:
    """One kind: names are known whatever their case, things by a unique id, too, and listings look below a path.

    `missing` and `taken` are the texts of NoSuchEntity and EntityAlreadyExists, recorded (slr.md 3) where nothing else
    is said.
    """
    noun: Noun[Row] = Noun(
        iam,
        arn,
        Named(table, id_prefix),
        words=Words(
            lambda ctx, name: iam.error.NoSuchEntityException(missing.format(name=name)),
            lambda ctx, name: iam.error.EntityAlreadyExistsException(taken.format(name=name)),
            malformed,
        ),
        given=given,
        member=member,
        unknown=unknown,
        conditions=conditions,
        told=(lambda ctx, name: in_words(noun, name)) if given == "name" else None,
    )
    return noun


def in_words(noun: Noun[Row], name: str) -> str:
    """How IAM's denials name a thing that a request gives by name: `role admin`, without its path.

    Recorded of users, groups, roles and instance profiles (aws/aws-cdk#27067, aws/chalice#591, and AWS Cloud9's
    guide: "iam:GetInstanceProfile on resource: instance profile …"); of what is made, passed or given by ARN they
    name the ARN. For server certificates it is a [guess].
    """
    return f"{noun.kind.replace('-', ' ')} {name}"


def _bounded(ctx: Context, name: str, row: Row | None) -> dict[str, str]:
    """What policies may ask about a user or role: its boundary, and the service that a role is linked to."""
    context: dict[str, str] = {}
    if row is not None and row.boundary_arn:
        context["iam:PermissionsBoundary"] = row.boundary_arn
    if row is not None and getattr(row, "service_principal", None):
        context["iam:AWSServiceName"] = row.service_principal
    return context


def unreadable_arn(arn: str) -> ApiError | None:
    """ValidationError for what cannot be read as an ARN; the two blanks are AWS's (recorded: SNAP)."""
    if len(arn.split(":", 5)) != 6 or not arn.startswith("arn:"):
        return ApiError("ValidationError", "Invalid ARN:  Could not be parsed!")
    return None


USER = iam_noun(
    "user{path}{name}",
    "UserName",
    tables.users,
    "AIDA",
    missing="The user with name {name} cannot be found.",
    taken="User with name {name} already exists.",
    conditions=_bounded,
)
GROUP = iam_noun(
    "group{path}{name}",
    "GroupName",
    tables.groups,
    "AGPA",
    missing="The group with name {name} cannot be found.",
    taken="Group with name {name} already exists.",
)
ROLE = iam_noun(
    "role{path}{name}",
    "RoleName",
    tables.roles,
    "AROA",
    missing="The role with name {name} cannot be found.",
    taken="Role with name {name} already exists.",
    conditions=_bounded,
)
POLICY = iam_noun(
    "policy{path}{name}",
    "PolicyArn",
    tables.policies,
    "ANPA",
    missing="Policy {name} was not found.",
    taken="A policy called {name} already exists. Duplicate names are not allowed.",
    given="arn",
    malformed=lambda ctx, arn: unreadable_arn(arn),
)
INSTANCE_PROFILE = iam_noun(
    "instance-profile{path}{name}",
    "InstanceProfileName",
    tables.instance_profiles,
    "AIPA",
    missing="Instance Profile {name} cannot be found.",
    taken="Instance Profile {name} already exists.",
)
SERVER_CERTIFICATE = iam_noun(
    "server-certificate{path}{name}",
    "ServerCertificateName",
    tables.server_certificates,
    "ASCA",
    missing="The Server Certificate with name {name} cannot be found.",
    taken="The Server Certificate with name {name} already exists.",
)
MFA_DEVICE = iam_noun(
    "mfa{path}{name}",
    "SerialNumber",
    tables.mfa_devices,
    "AMFA",
    missing="MFA Device with serial number {name} does not exist.",
    taken="MFA device already exists.",
    given="arn",
)
"""Its serial number is its ARN."""

BY_KIND = {noun.kind: noun for noun in (USER, GROUP, ROLE, POLICY, INSTANCE_PROFILE)}


def find_by_id(noun: Noun[Row], tx: Transaction, unique_id: str) -> Row | None:
    """The row with this unique id, or None."""
    return rows_of(noun).find_by_id(tx, unique_id)


def insert_new(ctx: Context, noun: Noun[Row], name: str, **values: Any) -> Row:
    """Insert a row under a new unique id; raises EntityAlreadyExists where the name is taken."""
    noun.refuse_taken(ctx, name)
    unique_id = ids.principal_id(rows_of(noun).id_prefix)
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
    ctx.write.run(insert(rows_of(noun).table).values(**{**row, **values}))
    return find_by_id(noun, ctx.write, unique_id)


def update_row(ctx: Context, noun: Noun[Row], row: Row, **values: Any) -> Row:
    """Change columns of a row; answers the row as it is now."""
    ctx.write.run(update(rows_of(noun).table).where(rows_of(noun).table.c.id == row.id).values(**values))
    return find_by_id(noun, ctx.write, row.id)


def delete_row(ctx: Context, noun: Noun[Row], row: Row) -> None:
    """Forget a row; what hangs on it is for the caller to have removed."""
    ctx.write.run(delete(rows_of(noun).table).where(rows_of(noun).table.c.id == row.id))


def rename(ctx: Context, noun: Noun[Row], row: Row, *, name: str | None, path: str | None) -> None:
    """Give a user or group another name or path; its unique id stays."""
    values: dict[str, str] = {}
    if name is not None:
        if name.lower() != row.name_key:
            noun.refuse_taken(ctx, name)
        values |= {"name": name, "name_key": name.lower()}
    if path is not None:
        values["path"] = path
    if values:
        update_row(ctx, noun, row, **values)


def list_page(ctx: Context, noun: Noun[Row], request: Any) -> tuple[list[Row], dict[str, Any]]:
    """One page of the account's things below PathPrefix, and the answer's IsTruncated and Marker."""
    count = request.get("MaxItems", USUAL_PAGE)
    rows, more = noun.page(ctx, position(request), count, prefix=request.get("PathPrefix", "/"))
    return list(rows), {"IsTruncated": True, "Marker": rows[-1].name_key} if more else {"IsTruncated": False}


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
    """The key; of a long key, for which a Marker has no room, its beginning and a digest."""
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
