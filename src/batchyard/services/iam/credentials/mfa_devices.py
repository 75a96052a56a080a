"""Virtual MFA devices: create, delete, list, tag; and users' devices: enable, deactivate, resync, list, get."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.iam.credentials import one_time_codes
from batchyard.services.iam.federation.providers import sorted_tags
from batchyard.services.iam.nouns import (
    MFA_DEVICE,
    USER,
    cut_page,
    delete_row,
    find_by_id,
    insert_new,
    list_page,
    update_row,
)
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.principals.users import brief
from batchyard.services.iam.resources import own_or_named, to_be, user, user_name
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import mfa_devices
from batchyard.services.iam.tags import checked_tags
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateVirtualMFADeviceRequestTypeDef,
        DeactivateMFADeviceRequestTypeDef,
        DeleteVirtualMFADeviceRequestTypeDef,
        EnableMFADeviceRequestTypeDef,
        GetMFADeviceRequestTypeDef,
        ListMFADevicesRequestTypeDef,
        ListVirtualMFADevicesRequestTypeDef,
        ResyncMFADeviceRequestTypeDef,
    )

DEVICES_PER_USER = 8
SEED_PURPOSE = "mfa-seed"
LONGEST_SERIAL = 256

_OF_USER = Prepared(
    select(mfa_devices).where(mfa_devices.c.user_id == bindparam("owner")).order_by(mfa_devices.c.name_key)
)


def devices_of(ctx: Context, owner: Row) -> list[Row]:
    """The devices that are enabled for a user."""
    return list(ctx.read.all(_OF_USER, owner=owner.id))


def _refuse_unsayable(serial: str) -> None:
    """Refuse a serial number that no other call could name: its model's limit leaves 226 letters to a name.

    The text is a guess.
    """
    if len(serial) > LONGEST_SERIAL:
        text = "Value at 'serialNumber' failed to satisfy constraint: Member must have length less than"
        raise ApiError("ValidationError", f"1 validation error detected: {text} or equal to {LONGEST_SERIAL}")


@iam.operation(on=to_be(MFA_DEVICE, "VirtualMFADeviceName"), tags="Tags", writes=True)
def create_virtual_mfa_device(ctx: Context, request: CreateVirtualMFADeviceRequestTypeDef) -> dict[str, Any]:
    """Make a device that nobody has; its seed is shown this once, and kept sealed."""
    tags = checked_tags(MFA_DEVICE, request.get("Tags", ()))
    seed = one_time_codes.new_seed()
    name, path = request["VirtualMFADeviceName"], request.get("Path", "/")
    _refuse_unsayable(MFA_DEVICE.arn(ctx, path=path, name=name))
    row = insert_new(
        ctx,
        MFA_DEVICE,
        name,
        path=path,
        sealed_seed=ctx.runtime.keyring.seal(SEED_PURPOSE, seed),
        user_id=None,
        enabled_at=None,
        tags=tags,
    )
    serial = MFA_DEVICE.arn_of(row)
    ctx.note_resource(serial)
    shape = {
        "SerialNumber": serial,
        "Base32StringSeed": seed.encode(),
        "QRCodePNG": one_time_codes.picture(seed, name, issuer=f"Batchyard {ctx.account}"),
    }
    return {"VirtualMFADevice": shape | ({"Tags": sorted_tags(row)} if tags else {})}


@iam.operation(on=MFA_DEVICE.named(), writes=True)
def delete_virtual_mfa_device(ctx: Context, request: DeleteVirtualMFADeviceRequestTypeDef) -> None:
    """Delete a device that no user has."""
    row = MFA_DEVICE.require(ctx, request["SerialNumber"])
    if row.user_id is not None:
        # In people's logs.
        raise iam.error.DeleteConflictException("MFA VirtualDevice in use. Must deactivate first.")
    delete_row(ctx, MFA_DEVICE, row)


@iam.operation(on=ANY)
def list_virtual_mfa_devices(ctx: Context, request: ListVirtualMFADevicesRequestTypeDef) -> dict[str, Any]:
    """List the account's devices, all or those that somebody has or nobody (members recorded: SNAP)."""
    wanted = request.get("AssignmentStatus", "Any")
    rows, end = list_page(ctx, MFA_DEVICE, request)
    shown = [row for row in rows if wanted == "Any" or (row.user_id is not None) is (wanted == "Assigned")]
    return {"VirtualMFADevices": [_virtual(ctx, row) for row in shown], **end}


def _virtual(ctx: Context, row: Row) -> dict[str, Any]:
    shape: dict[str, Any] = {"SerialNumber": MFA_DEVICE.arn_of(row)}
    owner = None if row.user_id is None else find_by_id(USER, ctx.read, row.user_id)
    if owner is not None:
        shape |= {"EnableDate": row.enabled_at, "User": brief(owner)}
    return shape


@iam.operation(on=user, writes=True)
def enable_mfa_device(ctx: Context, request: EnableMFADeviceRequestTypeDef) -> None:
    """Give a device to a user who shows two codes of it, one after the other (texts recorded: SNAP)."""
    owner = USER.require(ctx, request["UserName"])
    row = MFA_DEVICE.require(ctx, request["SerialNumber"])
    if row.user_id is not None:
        raise iam.error.EntityAlreadyExistsException("MFA Device is already in use.")
    if len(devices_of(ctx, owner)) >= DEVICES_PER_USER:
        raise over_quota("MfaDevicesPerUser", DEVICES_PER_USER)
    _check_codes(ctx, row, request, around=one_time_codes.USUAL_DRIFT)
    update_row(ctx, MFA_DEVICE, row, user_id=owner.id, enabled_at=ctx.now.replace(microsecond=0))


@iam.operation(on=user, writes=True)
def resync_mfa_device(ctx: Context, request: ResyncMFADeviceRequestTypeDef) -> None:
    """Check two codes of a user's device, within a wider time: its clock need not be kept, codes here go by ours."""
    row = _enabled(ctx, request)
    _check_codes(ctx, row, request, around=one_time_codes.WIDE_DRIFT)


def _check_codes(ctx: Context, row: Row, request: Any, *, around: int) -> None:
    """Raise InvalidAuthenticationCode where the two codes do not follow on one another (text: a guess)."""
    seed = ctx.runtime.keyring.open(SEED_PURPOSE, row.sealed_seed)
    codes = (request["AuthenticationCode1"], request["AuthenticationCode2"])
    if not one_time_codes.are_consecutive(seed, codes, now=ctx.now, around=around):
        raise iam.error.InvalidAuthenticationCodeException("Authentication code for device is not valid.")


def _enabled(ctx: Context, request: Any) -> Row:
    """The user's device; raises NoSuchEntity where it is not the user's."""
    owner = USER.require(ctx, request["UserName"])
    row = MFA_DEVICE.require(ctx, request["SerialNumber"])
    if row.user_id != owner.id:
        raise MFA_DEVICE.missing(ctx, request["SerialNumber"])
    return row


@iam.operation(on=own_or_named, writes=True)
def deactivate_mfa_device(ctx: Context, request: DeactivateMFADeviceRequestTypeDef) -> None:
    """Take a device from a user; it stays until it is deleted (botocore)."""
    row = _enabled(ctx, {**request, "UserName": user_name(ctx, request)})
    update_row(ctx, MFA_DEVICE, row, user_id=None, enabled_at=None)


@iam.operation(on=own_or_named)
def list_mfa_devices(ctx: Context, request: ListMFADevicesRequestTypeDef) -> dict[str, Any]:
    """List the devices of a user."""
    owner = USER.require(ctx, user_name(ctx, request))
    shown, end = cut_page(devices_of(ctx, owner), request, lambda row: row.name_key)
    devices = [
        {"UserName": owner.name, "SerialNumber": MFA_DEVICE.arn_of(row), "EnableDate": row.enabled_at}
        for row in shown
    ]
    return {"MFADevices": devices, **end}


def _holder(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The user who has the device, as the reference says; by name where it is given."""
    if "UserName" in request:
        return user(ctx, request)
    row = MFA_DEVICE.find(ctx, request["SerialNumber"])
    owner = None if row is None or row.user_id is None else find_by_id(USER, ctx.read, row.user_id)
    unknown = USER.arn(ctx, "*")
    return [Check(resource=unknown if owner is None else USER.arn_of(owner), told=unknown)]


@iam.operation(on=_holder)
def get_mfa_device(ctx: Context, request: GetMFADeviceRequestTypeDef) -> dict[str, Any]:
    """Tell about a device, and whose it is."""
    row = (
        _enabled(ctx, request) if "UserName" in request else MFA_DEVICE.require(ctx, request["SerialNumber"])
    )
    shape: dict[str, Any] = {"SerialNumber": request["SerialNumber"]}
    owner = None if row.user_id is None else find_by_id(USER, ctx.read, row.user_id)
    if owner is not None:
        shape |= {"UserName": owner.name, "EnableDate": row.enabled_at}
    return shape
