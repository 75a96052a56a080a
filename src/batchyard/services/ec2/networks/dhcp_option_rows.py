"""Sets of DHCP options as kept: every Region has one from the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from batchyard.services.ec2.kept import Held, Kept, Quota
from batchyard.services.ec2.places import Place, derived_id


def default_id(where: Place) -> str:
    """The set that every new VPC of a Region has."""
    return derived_id(where, "dopt-", "dhcp-options")


def _default(where: Place) -> Sequence[Held]:
    region = where["region"]
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return [
        Held(
            default_id(where),
            {
                "DhcpConfigurations": [
                    option("domain-name", [domain]),
                    option("domain-name-servers", ["AmazonProvidedDNS"]),
                ]
            },
        )
    ]


def option(key: str, values: Iterable[str]) -> dict[str, Any]:
    """An option as EC2 shows it."""
    return {"Key": key, "Values": [{"Value": one} for one in values]}


dhcp_options = Kept(
    "dhcp-options",
    quota=Quota(500, "DhcpOptionsLimitExceeded", "The maximum number of dhcpOptions has been reached."),
    defaults=_default,
)
