"""Spot Fleet requests: taken on, changed, cancelled. The controller launches and ends their instances."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard import ids
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.passing import pass_role
from batchyard.services.ec2.instances.profiles import SERVICE
from batchyard.services.ec2.launching.instance_launches import digest_of
from batchyard.services.ec2.launching.launch_checks import image_check, key_pair_check
from batchyard.services.ec2.launching.launch_template_versions import template_check
from batchyard.services.ec2.nouns import SECURITY_GROUP, SPOT_FLEET, SUBNET
from batchyard.services.ec2.places import arn, place
from batchyard.services.ec2.refusals import token_mismatch
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.service_role import SPOT_FLEET_PRINCIPAL, SPOT_PRINCIPAL, ensure_role
from batchyard.services.ec2.spot.spot_fleet_configs import REFUSED, check_config, invalid
from batchyard.services.ec2.spot.spot_fleet_rights import as_asked, check_may_launch
from batchyard.services.ec2.spot.spot_fleet_rows import (
    CONTROLLER,
    change_fleet,
    find_fleet,
    find_fleet_by_token,
    insert_fleet,
    tell,
)
from batchyard.services.ec2.tags.tag_rows import put_tags
from batchyard.services.ec2.tags.tag_specifications import by_type, checked, tag_keys, tagging_checks

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CancelSpotFleetRequestsRequestTypeDef,
        ModifySpotFleetRequestRequestTypeDef,
        RequestSpotFleetRequestTypeDef,
    )

KIND = "spot-fleet-request"
CHANGEABLE = ("submitted", "active", "modifying")


def _request_checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The request to be made, with its tags, and every resource that its specifications name."""
    config = request.get("SpotFleetRequestConfig") or {}
    whole = arn(place(ctx), f"{KIND}/*")
    tags = by_type(config.get("TagSpecifications")).get(KIND, {})
    yield Check(resource=whole, context=tag_keys(tags))
    for one in config.get("LaunchSpecifications") or ():
        yield from _named_checks(ctx, one)
    for one in config.get("LaunchTemplateConfigs") or ():
        yield template_check(ctx, one.get("LaunchTemplateSpecification") or {})
        for override in one.get("Overrides") or ():
            yield from _subnet_checks(ctx, override)
    yield from tagging_checks("RequestSpotFleet", [(whole, tags)])


def _named_checks(ctx: Context, specification: dict[str, Any]) -> Iterable[Check]:
    yield image_check(ctx, specification.get("ImageId"))
    yield from _subnet_checks(ctx, specification)
    for group in specification.get("SecurityGroups") or ():
        if "GroupId" in group:
            yield SECURITY_GROUP.check(ctx, group["GroupId"])
    if specification.get("KeyName"):
        yield key_pair_check(ctx, specification["KeyName"])


def _subnet_checks(ctx: Context, given: dict[str, Any]) -> Iterable[Check]:
    for subnet in (given.get("SubnetId") or "").split(","):
        if subnet.strip():
            yield SUBNET.check(ctx, subnet.strip())


def _request_passes(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """iam:PassRole for the fleet's role, to EC2; those inside the instance profiles are asked for by dry runs.

    That the fleet's role, too, is passed to ec2.amazonaws.com is deduced: BatchServiceRolePolicy lets Batch pass
    roles to EC2 and to ECS tasks only, and Batch requests fleets with it. That it is passed for the fleet is a [guess].
    """
    config = request.get("SpotFleetRequestConfig") or {}
    role = str(config.get("IamFleetRole", ""))
    if role.startswith("arn:"):
        yield pass_role(role, to=SERVICE, associated=arn(place(ctx), f"{KIND}/*"))


def _would_request(ctx: Context, request: Any) -> dict[str, str]:
    """What a dry run of the request asks for, too: the right to launch."""
    check_config(ctx, request["SpotFleetRequestConfig"])
    check_may_launch(ctx, request["SpotFleetRequestConfig"])
    return {}


@ec2.operation(
    on=[_request_checks],
    passes=[_request_passes],
    writes=True,
    honours={"SpotFleetRequestConfig"},
    refuses=REFUSED,
    requires=_would_request,
)
def request_spot_fleet(ctx: Context, request: RequestSpotFleetRequestTypeDef) -> dict[str, Any]:
    """Take a request on; the service-linked roles of Spot Fleet and Spot are made as the caller where missing."""
    config = request["SpotFleetRequestConfig"]
    token, digest = config.get("ClientToken"), digest_of(request)
    before = find_fleet_by_token(ctx.read, place(ctx), token) if token else None
    if before is not None:
        if before.request_digest != digest:
            raise token_mismatch()
        return {"SpotFleetRequestId": before.id}
    check_config(ctx, config)
    tags = _checked_tags(ctx, config)
    templates = check_may_launch(ctx, config)
    ensure_role(ctx, SPOT_FLEET_PRINCIPAL)
    ensure_role(ctx, SPOT_PRINCIPAL)
    identity = f"sfr-{ids.uuid4()}"
    insert_fleet(
        ctx.write,
        **place(ctx),
        id=identity,
        config=config,
        state="submitted",
        is_live=1,
        activity="pending_fulfillment",
        target=config["TargetCapacity"],
        excess=config.get("ExcessCapacityTerminationPolicy", "default"),
        client_token=token,
        request_digest=digest,
        planned=None,
        launches=0,
        last_error=None,
        created_at=ctx.now,
        state_at=ctx.now,
        templates=templates,
    )
    put_tags(ctx.write, place(ctx), KIND, [identity], tags)
    _note(ctx, identity, "submitted")
    ctx.note_resource(arn(place(ctx), f"{KIND}/{identity}"))
    ctx.intend(CONTROLLER, identity, delay_seconds=ctx.runtime.settings.pace)
    return {"SpotFleetRequestId": identity}


def _checked_tags(ctx: Context, config: Any) -> dict[str, str]:
    """The request's own tags; those of its instances keep EC2's rules, too."""
    for specification in config.get("LaunchSpecifications") or ():
        checked(specification.get("TagSpecifications"), allowed={"instance"})
    return checked(config.get("TagSpecifications"), allowed={KIND, "instance"}).get(KIND, {})


def _note(ctx: Context, identity: str, change: str) -> None:
    tell(ctx.write, place(ctx), identity, ctx.now, "fleetRequestChange", {"EventSubType": change})


@ec2.operation(
    on=[SPOT_FLEET.named("SpotFleetRequestId")],
    writes=True,
    honours={"SpotFleetRequestId", "TargetCapacity", "ExcessCapacityTerminationPolicy"},
)
def modify_spot_fleet_request(ctx: Context, request: ModifySpotFleetRequestRequestTypeDef) -> dict[str, Any]:
    """Change the target capacity, and whether instances above a lower target are ended.

    Who raises the target is asked for the right to launch, like who makes a request.
    """
    row = SPOT_FLEET.require(ctx, request["SpotFleetRequestId"])
    if row.config.get("Type", "maintain") != "maintain" or row.state not in CHANGEABLE:
        # The code is DescribeSpotFleetRequests' word for it; EC2's answer is not recorded (a guess).
        raise ApiError(
            "fleetRequestNotInModifiableState",
            f"The Spot Fleet request {row.id} is not in a state or of a type that can be modified.",
        )
    target = request.get("TargetCapacity", row.target)
    if target < 0:
        raise invalid("TargetCapacity")
    if target > row.target:
        check_may_launch(ctx, as_asked(row.config, row.templates))
    change_fleet(
        ctx.write,
        place(ctx),
        row.id,
        target=target,
        excess=request.get("ExcessCapacityTerminationPolicy", row.excess),
        state="modifying",
        state_at=ctx.now,
    )
    _note(ctx, row.id, "modify_in_progress")
    ctx.intend(CONTROLLER, row.id)
    return {"Return": True}


@ec2.operation(
    on=[SPOT_FLEET.named("SpotFleetRequestIds")],
    writes=True,
    honours={"SpotFleetRequestIds", "TerminateInstances"},
)
def cancel_spot_fleet_requests(
    ctx: Context, request: CancelSpotFleetRequestsRequestTypeDef
) -> dict[str, Any]:
    """Cancel requests, each answered for itself; their instances go too, or run on without a fleet."""
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    after = "cancelled_terminating" if request["TerminateInstances"] else "cancelled_running"
    for identity in request["SpotFleetRequestIds"]:
        row = find_fleet(ctx.read, place(ctx), identity)
        if row is None:
            failed.append(_failure(identity, "fleetRequestIdDoesNotExist", "does not exist"))
        elif row.state not in (*CHANGEABLE, "cancelled_running"):
            failed.append(_failure(identity, "fleetRequestNotInCancellableState", "can not be cancelled now"))
        else:
            change_fleet(ctx.write, place(ctx), identity, state=after, state_at=ctx.now, planned=None)
            _note(ctx, identity, after)
            ctx.intend(CONTROLLER, identity)
            done.append(
                {
                    "SpotFleetRequestId": identity,
                    "CurrentSpotFleetRequestState": after,
                    "PreviousSpotFleetRequestState": row.state,
                }
            )
    return {"SuccessfulFleetRequests": done, "UnsuccessfulFleetRequests": failed}


def _failure(identity: str, code: str, what: str) -> dict[str, Any]:
    message = f"The spot fleet request ID '{identity}' {what}"
    return {"SpotFleetRequestId": identity, "Error": {"Code": code, "Message": message}}
