"""What IAM's reads cost: one role, a page of a thousand, an account's whole authorization; few and many identities."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from processes import Measured, batchyard, load
from scene import Scene

MANY = 1_000
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)
READS: Mapping[str, Mapping[str, str]] = {
    "GetRole": {"Action": "GetRole", "RoleName": "AWSServiceRoleForBatch"},
    "ListRoles, 100 of them": {"Action": "ListRoles", "MaxItems": "100"},
    "ListRoles, 1,000 of them": {"Action": "ListRoles", "MaxItems": "1000"},
    "GetAccountAuthorizationDetails, 100 roles": {
        "Action": "GetAccountAuthorizationDetails",
        "Filter.member.1": "Role",
        "MaxItems": "100",
    },
}


@dataclass(frozen=True)
class Reads:
    """What each read cost with few roles in the account, and with MANY."""

    few: Measured
    """GetRole, before the roles were made."""
    many: Mapping[str, Measured]


def measure(directory: Path, *, seconds: float) -> Reads:
    """All reads, on a data directory of their own."""
    with batchyard(directory) as one:
        scene = Scene(one.endpoint)

        def cost(form: Mapping[str, str]) -> Measured:
            return load(one, [scene.iam_read(form)], most=10**9, seconds=seconds)

        few = cost(READS["GetRole"])
        iam = scene.client("iam")
        # The account's quota is MANY, and Batch's environment brought the first of them.
        for number in range(MANY - len(iam.list_roles()["Roles"])):
            iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=TRUST, Path="/team/")
        return Reads(few, {name: cost(form) for name, form in READS.items()})
