"""What nobody may change on a service-linked role, the account's root included (slr.md 3)."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun
from batchyard.services.iam.nouns import ROLE
from batchyard.services.iam.policies.managed_policies import Managed
from batchyard.services.iam.resources import LINKED_PATH
from batchyard.services.iam.service import iam
from batchyard.store.prepared import Row


def refuse_protected(row: Row) -> None:
    """Raise UnmodifiableEntity for a service-linked role (recorded: rebuy-de/aws-nuke#331, #441)."""
    if row.service_principal is not None:
        raise iam.error.UnmodifiableEntityException(
            f"Cannot perform the operation on the protected role '{row.name}' - this role is only modifiable"
            " by AWS"
        )


def require_modifiable(ctx: Context, noun: Noun[Row], name: str) -> Row:
    """The thing with this name, to be changed; raises NoSuchEntity, and UnmodifiableEntity for a protected role."""
    row = noun.require(ctx, name)
    if noun is ROLE:
        refuse_protected(row)
    return row


def refuse_reserved_path(path: str) -> None:
    """Raise InvalidInput for a path below AWS's own (recorded: tilfin/aws-iam-policy-tool#9)."""
    if path.startswith(LINKED_PATH):
        raise iam.error.InvalidInputException(
            "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles"
        )


def refuse_linked_policy(policy: Managed, noun: Noun[Row]) -> None:
    """Raise PolicyNotAttachable for a policy of service-linked roles.

    The text for roles is recorded (aws/aws-cdk#6131); those for users and groups follow it [guess].
    """
    if policy.is_linked_only:
        raise ApiError(
            "PolicyNotAttachable",
            f"Cannot attach a Service Role Policy to a Customer {noun.kind.capitalize()}.",
        )
