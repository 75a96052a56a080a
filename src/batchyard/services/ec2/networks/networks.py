"""VPCs, subnets and security groups as found: an account's defaults are made up until something changes them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Table, bindparam, func, insert, select, update

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.networks.stored import WRITERS, is_stored, store_defaults
from batchyard.services.ec2.networks.zones import zone_names
from batchyard.services.ec2.places import Place, at, columns_of, derived_id, place
from batchyard.services.ec2.tables import security_groups, subnets, vpcs
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

ANYWHERE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
"""The rule that lets everything out, which a new security group has."""


@dataclass(frozen=True, slots=True)
class Vpc:
    """A virtual private cloud."""

    id: str
    cidr: str
    is_default: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    """What was set of it: its further blocks of addresses, its DHCP options, its names (`vpc_settings`)."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet of a VPC, in one Availability Zone."""

    id: str
    vpc_id: str
    cidr: str
    availability_zone: str
    is_default: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    """What was set of it: its IPv6 block and its attributes (`subnet_settings`)."""


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group of a VPC; its rules are IpPermissions, as EC2 shows them. They are stored, not enforced."""

    id: str
    vpc_id: str
    name: str
    description: str
    ingress: list[dict[str, Any]] = field(default_factory=list)
    egress: list[dict[str, Any]] = field(default_factory=list)


Network = Vpc | Subnet | SecurityGroup
N = TypeVar("N", Vpc, Subnet, SecurityGroup)
V = TypeVar("V", Vpc, Subnet)

_TABLES: dict[type[Any], Table] = {Vpc: vpcs, Subnet: subnets, SecurityGroup: security_groups}
_ONE = {
    kind: Prepared(select(table).where(at(table)).where(table.c.id == bindparam("id")))
    for kind, table in _TABLES.items()
}
_ALL = {
    kind: Prepared(select(table).where(at(table)).order_by(table.c.id)) for kind, table in _TABLES.items()
}
_COUNT = {
    kind: Prepared(select(func.count().label("number")).select_from(table).where(at(table)))
    for kind, table in _TABLES.items()
}
_MOST: dict[type[Any], tuple[int, str, str]] = {
    Vpc: (500, "VpcLimitExceeded", "VPCs"),
    Subnet: (2500, "SubnetLimitExceeded", "subnets"),
    SecurityGroup: (2500, "SecurityGroupLimitExceeded", "security groups"),
}
"""A Region's quotas, so far as AWS raises them (VPC user guide: 5 VPCs at first, 200 subnets in each, 2500 groups)."""
_SET = {
    kind: Prepared(
        update(table).where(at(table)).where(table.c.id == bindparam("id")).values(settings=bindparam("new"))
    )
    for kind, table in _TABLES.items()
    if "settings" in table.c
}
_INSERT = {kind: Prepared(insert(table).values(columns_of(table))) for kind, table in _TABLES.items()}


def default_group(vpc_id: str, identity: str, owner: str) -> SecurityGroup:
    """The group `default` that every VPC has: open among its members and to the outside."""
    among = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": identity, "UserId": owner}]}
    return SecurityGroup(identity, vpc_id, "default", "default VPC security group", [among], [ANYWHERE])


@functools.lru_cache(maxsize=4096)
def _defaults(account: str, partition: str, region: str) -> tuple[Network, ...]:
    where = {"account": account, "partition": partition, "region": region}
    vpc = Vpc(derived_id(where, "vpc-", "vpc"), "172.31.0.0/16", True)
    zones = zone_names(region)
    return (
        vpc,
        *(
            Subnet(derived_id(where, "subnet-", zone), vpc.id, f"172.31.{16 * number}.0/20", zone, True)
            for number, zone in enumerate(zones)
        ),
        default_group(vpc.id, derived_id(where, "sg-", "default"), account),
    )


def _made_up(tx: Transaction, where: Place) -> tuple[Network, ...]:
    """The default network, where it is not in the tables yet."""
    if is_stored(tx, where):
        return ()
    return _defaults(where["account"], where["partition"], where["region"])


def _store(ctx: Context) -> None:
    for one in _made_up(ctx.write, place(ctx)):
        add(ctx, one)


WRITERS.append(_store)


def add(ctx: Context, one: Network) -> None:
    """Write a new VPC, subnet or security group; raises where the Region has as many as it may have.

    The first text is as in people's logs, the others after it [guess].
    """
    most, code, noun = _MOST[type(one)]
    counted = ctx.read.first(_COUNT[type(one)], **place(ctx))
    if counted is not None and counted.number >= most:
        raise ApiError(code, f"The maximum number of {noun} has been reached.")
    ctx.write.run(_INSERT[type(one)], **place(ctx), **asdict(one))


def set_up(ctx: Context, one: V, **settings: Any) -> V:
    """Write settings of a VPC or subnet anew; None takes a setting away."""
    store_defaults(ctx)
    whole = {key: value for key, value in {**one.settings, **settings}.items() if value is not None}
    ctx.write.run(_SET[type(one)], **place(ctx), id=one.id, new=whole)
    return replace(one, settings=whole)


def find(tx: Transaction, where: Place, kind: type[N], identity: str) -> N | None:
    """A VPC, subnet or security group by its id."""
    row = tx.first(_ONE[kind], **where, id=identity)
    if row is not None:
        return _read(kind, row)
    for one in _made_up(tx, where):
        if isinstance(one, kind) and one.id == identity:
            return one
    return None


def every(tx: Transaction, where: Place, kind: type[N]) -> list[N]:
    """All VPCs, subnets or security groups of a Region, by id. An account has few of them."""
    found: list[N] = [_read(kind, row) for row in tx.all(_ALL[kind], **where)]
    found += [one for one in _made_up(tx, where) if isinstance(one, kind)]
    return sorted(found, key=lambda one: one.id)


def first(tx: Transaction, where: Place, kind: type[N], wanted: Callable[[N], bool]) -> N | None:
    """The first that is as wanted, by id."""
    return next((one for one in every(tx, where, kind) if wanted(one)), None)


def default_subnet(tx: Transaction, where: Place, zone: str | None) -> Subnet | None:
    """The default subnet of a zone, or of the first zone that has it."""
    found = [one for one in every(tx, where, Subnet) if one.is_default]
    found.sort(key=lambda one: one.availability_zone)
    return next((one for one in found if zone in (None, one.availability_zone)), None)


def default_group_of(tx: Transaction, where: Place, vpc_id: str) -> SecurityGroup | None:
    """The security group `default` of a VPC."""
    return first(tx, where, SecurityGroup, lambda one: (one.vpc_id, one.name) == (vpc_id, "default"))


def _read(kind: type[N], row: Row) -> N:
    values = {name: getattr(row, name) for name in kind.__dataclass_fields__}
    if "is_default" in values:
        values["is_default"] = bool(values["is_default"])
    if "settings" in values:
        values["settings"] = values["settings"] or {}
    return kind(**values)
