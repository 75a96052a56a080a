"""Handing a role to a service: the iam:PassRole that the caller needs (IAM user guide, "id_roles_use_passrole")."""

from __future__ import annotations

import re

from batchyard.framework.check import Check, Values

_OWNED = re.compile(r"arn:[a-z-]+:iam::(?P<account>[0-9]{12}):", re.ASCII)


def pass_role(role: str, *, to: str, associated: str) -> Check:
    """The check that the caller may hand `role` (an ARN) to the service principal `to`.

    `associated` is the ARN of what will have the role: iam:AssociatedResourceArn. The IAM user guide shows it for EC2
    instances; what other services give is not public, so theirs are [guess]. Nobody passes another account's
    role: only a policy of the role itself could allow that, and there is none. An ARN that names no account
    counts as the caller's own; the service refuses it.
    """
    context: dict[str, Values] = {"iam:PassedToService": to, "iam:AssociatedResourceArn": associated}
    owned = _OWNED.match(role)
    return Check(
        resource=role, action="iam:PassRole", context=context, account=owned["account"] if owned else None
    )
