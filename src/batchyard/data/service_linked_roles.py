"""AWS's service-linked roles by principal, as `scripts/generate_service_linked_roles.py` wrote them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import orjson

_TABLE = Path(__file__).with_name("service_linked_roles.json")

MAX_SESSION_SECONDS = 3600
"""The MaxSessionDuration of every service-linked role (slr.md 2)."""


@dataclass(frozen=True, slots=True)
class LinkedRoleTemplate:
    """What the service-linked role of a service principal looks like when it is made."""

    principal: str
    role_name: str
    policy_name: str
    """Its one managed policy, below /aws-service-role/."""
    custom_suffix_allowed: bool
    service_description: str | None
    """The description that the service gives the role when it makes it itself; None where not known."""

    @property
    def path(self) -> str:
        return f"/aws-service-role/{self.principal}/"

    @property
    def trust_document(self) -> str:
        """The trust policy's text: the service alone may assume the role."""
        statement = {"Effect": "Allow", "Principal": {"Service": self.principal}, "Action": "sts:AssumeRole"}
        return orjson.dumps({"Version": "2012-10-17", "Statement": [statement]}).decode()

    def policy_arn(self, partition: str) -> str:
        """The ARN of the role's managed policy in a partition."""
        return f"arn:{partition}:iam::aws:policy/aws-service-role/{self.policy_name}"

    def role_name_with(self, suffix: str | None) -> str:
        """The role's name, with a custom suffix, if any."""
        return f"{self.role_name}_{suffix}" if suffix else self.role_name


def principals() -> tuple[str, ...]:
    """Every service principal with a service-linked role, sorted."""
    return tuple(_templates())


def find(principal: str) -> LinkedRoleTemplate | None:
    """The template of a service principal (case matters); None where it has no service-linked role."""
    return _templates().get(principal)


@functools.cache
def _templates() -> dict[str, LinkedRoleTemplate]:
    rows = orjson.loads(_TABLE.read_bytes())["roles"]
    return {principal: LinkedRoleTemplate(principal, *row) for principal, row in rows.items()}
