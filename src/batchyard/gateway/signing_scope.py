"""Which Region a signature must be scoped to: the endpoint's at one of AWS's addresses, any at an address of our own.

An SDK that finds the endpoint itself signs for IAM with the Region of the partition's only endpoint, and AWS refuses
every other. A client that is given the endpoint (AWS_ENDPOINT_URL, `--endpoint-url`, Terraform's `endpoints`) signs for
IAM and STS with the Region that it works in, and AWS refuses that at iam.amazonaws.com, too: boto/boto3#2113,
hashicorp/terraform-provider-aws#40319, aws/aws-sdk-js-v3#1024 (docs/decisions/0029).
"""

from __future__ import annotations

import re

from batchyard.data.partitions import global_region, partition_of
from batchyard.gateway.sigv4_claim import AuthenticationFailure, Claim

_HOST = re.compile(
    r"(?P<service>[a-z0-9]+?)(?:-fips)?(?:\.(?P<place>[a-z0-9-]+))?"
    r"\.(?:amazonaws\.com|api\.aws|(?P<china>amazonaws\.com\.cn|api\.amazonwebservices\.com\.cn))(?::[0-9]+)?",
    re.ASCII | re.IGNORECASE,
)
"""iam.amazonaws.com, iam.us-gov.amazonaws.com, iam.global.api.aws, sts.eu-west-1.amazonaws.com, …; not the names of
instances and load balancers, which have more parts."""


def check_scope(claim: Claim, host: str) -> str:
    """The partition that the request is for; raises AuthenticationFailure for a Region that is none, or not the host's.

    `host`: the Host header; it is signed. The text is as in AWS's answers (hashicorp/terraform-provider-aws#40319).
    """
    partition = partition_of(claim.region)
    wanted = signing_region(claim.service, host)
    if partition is None or wanted not in (None, claim.region):
        raise AuthenticationFailure(
            "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "
        )
    return partition


def signing_region(service: str, host: str) -> str | None:
    """The Region that a service's own address at AWS wants; None where the host is no such address."""
    found = _HOST.fullmatch(host)
    if found is None or found["service"].lower() != service:
        return None
    place = (found["place"] or "").lower()
    if partition_of(place) is not None:
        return place
    partitions = {"": "aws-cn" if found["china"] else "aws", "global": "aws", "us-gov": "aws-us-gov"}
    return global_region(partitions[place]) if place in partitions else None
