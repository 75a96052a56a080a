"""Elastic IP addresses as kept, and which NAT gateway has which."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.services.ec2.gateways.gateway_rows import nat_gateways, nat_state
from batchyard.services.ec2.kept import Held, Kept, Quota

addresses = Kept(
    "elastic-ip",
    quota=Quota(500, "AddressLimitExceeded", "The maximum number of addresses has been reached."),
)


def user_of(ctx: Context, allocation: str) -> Held | None:
    """The NAT gateway that has an address, until it is deleted."""
    return next(
        (
            one
            for one in nat_gateways.every(ctx)
            if one.body.get("AllocationId") == allocation and nat_state(ctx, one) != "deleted"
        ),
        None,
    )
