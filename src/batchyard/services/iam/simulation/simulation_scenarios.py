"""ResourceHandlingOption: the resources that a scenario of launching an instance cannot do without."""

from __future__ import annotations

from collections.abc import Sequence

from batchyard.services.iam.service import iam

_INSTANCE_STORE = ("instance", "image", "security-group", "network-interface")
SCENARIOS = {
    "EC2-VPC-InstanceStore": _INSTANCE_STORE,
    "EC2-VPC-InstanceStore-Subnet": (*_INSTANCE_STORE, "subnet"),
    "EC2-VPC-EBS": (*_INSTANCE_STORE, "volume"),
    "EC2-VPC-EBS-Subnet": (*_INSTANCE_STORE, "subnet", "volume"),
}
"""Each option's resource types as EC2's ARNs name them (botocore, SimulateCustomPolicy)."""


def check_scenario(option: str, resources: Sequence[str]) -> None:
    """Raise InvalidInput for an unknown option and for resources that lack one of its types (texts: guesses)."""
    wanted = SCENARIOS.get(option)
    if wanted is None:
        raise iam.error.InvalidInputException(f"Invalid ResourceHandlingOption: {option}")
    given = {arn.split(":", 5)[-1].partition("/")[0] for arn in resources}
    missing = [one for one in wanted if one not in given]
    if missing:
        text = f"ResourceHandlingOption {option} requires resources of the types: {', '.join(missing)}"
        raise iam.error.InvalidInputException(text)
