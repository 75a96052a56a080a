"""Whether a caller may launch what a Spot Fleet launches later as its own role, which may launch anything.

EC2 checks ec2:RunInstances, ec2:CreateTags and iam:PassRole of who requests a fleet (EC2 User Guide, "Spot Fleet
permissions"; since August 2020, recorded in dan-v/rattlesnakeos-stack#164). That ModifySpotFleetRequest is checked
likewise where it raises the target is a [guess]: more is launched then, and nothing else is asked of the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import AccessDenied, ApiError
from batchyard.services.ec2.spot.spot_fleet_configs import Specification, invalid, specifications

Template = dict[str, str]
"""A version of a launch template by its id and its number."""

_MOST_LAUNCHES = 300
"""Ways to launch, over all subnets: what one request may cost. EC2 takes 50 specifications or 300 overrides [guess]."""


def check_may_launch(ctx: Context, config: Mapping[str, Any]) -> list[Template]:
    """Ask by dry runs, as the caller, for each way to launch in each of its subnets.

    Returns what each of LaunchTemplateConfigs stands for now: a fleet launches from that, whatever its template's
    name, `$Latest` or `$Default` mean later. That EC2 fixes it at the request is a [guess]; it was asked about
    nothing else. Raises UnauthorizedOperation in the recorded words (Coalfire-Research/npk#148), and what
    RunInstances raises where something named is missing; what was lacking stands in the audit, in the record of
    the dry run.
    """
    launches = list(_launches(specifications(config)))
    if len(launches) > _MOST_LAUNCHES:
        raise invalid("LaunchSpecifications")
    meant = {_key(one.get("LaunchTemplate")): _dry_run(ctx, one) for one in launches}
    configs = config.get("LaunchTemplateConfigs") or ()
    return [meant[_key(one.get("LaunchTemplateSpecification"))] for one in configs]


def _launches(ways: Iterable[Specification]) -> Iterable[dict[str, Any]]:
    for way in ways:
        for subnet in way.subnets or (None,):
            yield {**way.launch, **({"SubnetId": subnet} if subnet else {})}


def _key(template: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((template or {}).items()))


def _dry_run(ctx: Context, launch: Mapping[str, Any]) -> Template:
    market: Any = {"InstanceMarketOptions": {"MarketType": "spot"}}
    try:
        ctx.forward().ec2.run_instances(**launch, **market, MinCount=1, MaxCount=1, DryRun=True)
    except AccessDenied as denied:
        text = "You are not authorized to perform this operation."
        raise AccessDenied("UnauthorizedOperation", text, status=403) from denied
    except ApiError as error:
        if error.code != "DryRunOperation":
            raise
        if not launch.get("LaunchTemplate"):
            return {}
        told = error.members
        return {"LaunchTemplateId": told["LaunchTemplateId"], "Version": told["LaunchTemplateVersion"]}
    raise AssertionError("a dry run has no result")


def as_asked(config: Mapping[str, Any], templates: Iterable[Template] | None) -> dict[str, Any]:
    """The configuration with the templates that its requester was asked about; None: those of an older version."""
    configs = config.get("LaunchTemplateConfigs")
    if not configs or templates is None:
        return dict(config)
    pairs = zip(configs, templates, strict=True)
    meant = [{**one, "LaunchTemplateSpecification": template} for one, template in pairs]
    return {**config, "LaunchTemplateConfigs": meant}
