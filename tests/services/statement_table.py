"""statements.json: which statement of a service-linked role's policy allows what is done here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).with_name("statements.json")


@dataclass(frozen=True)
class Role:
    """A service-linked role as statements.json tells of it."""

    name: str
    session: str
    policy: str
    actions: Mapping[int, set[str]]
    """The actions that each statement allows here, by the statement's number, from 1."""
    removals: frozenset[tuple[int, str]]
    """(statement, action that is denied without it): what somebody without the statement sees is told there."""

    unused: frozenset[int]
    """The statements that nothing here needs."""

    @property
    def policy_arn(self) -> str:
        return f"arn:aws:iam::aws:policy/aws-service-role/{self.policy}"


def _read() -> tuple[Role, ...]:
    roles = []
    for policy, told in json.loads(_TABLE.read_text()).items():
        used = {int(number): row for number, row in told["statements"].items()}
        roles.append(
            Role(
                name=told["role"],
                session=told["session"],
                policy=policy,
                actions={number: set(row["actions"]) for number, row in used.items()},
                removals=frozenset(
                    (number, action) for number, row in used.items() for action in row["without"]
                ),
                unused=frozenset(map(int, told["unused"])),
            )
        )
    return tuple(roles)


ROLES = _read()
