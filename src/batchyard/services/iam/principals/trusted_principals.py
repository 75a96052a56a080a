"""Whom a trust policy names must be there when it is written: IAM keeps principals by their unique ids."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.policy.document import Policy
from batchyard.services.iam.nouns import ROLE, USER
from batchyard.services.iam.service import iam


def refuse_missing(ctx: Context, trust: Policy) -> None:
    """Raise MalformedPolicyDocument where a user or role of this account is named that is not there.

    Recorded: hashicorp/terraform-provider-aws#8905, opstrace/opstrace#88. AWS asks other accounts, too; here they
    may be accounts that nobody has on this server, so their principals are taken as they are written. A session is
    refused for a role that is not there (probed: cdk-preflight, pf-iam-trust-policy-aws-principal-format), and taken
    for a principal that is (IAM user guide, elements_principal).
    """
    for statement in trust.statements:
        for name in (statement.elements.principals or {}).get("AWS", ()):
            if not _is_there(ctx, name):
                raise iam.error.MalformedPolicyDocumentException(
                    f'Invalid principal in policy: "AWS":"{name}"'
                )


def _is_there(ctx: Context, name: str) -> bool:
    """Whether it is no user, role or session of this account, or is there."""
    sessions = f"arn:{ctx.partition}:sts::{ctx.account}:assumed-role/"
    if name.startswith(sessions):
        role = name.removeprefix(sessions).partition("/")[0]
        return ROLE.find(ctx, role) is not None
    own = f"arn:{ctx.partition}:iam::{ctx.account}:"
    kind, slash, _ = name.removeprefix(own).partition("/")
    noun = {"user": USER, "role": ROLE}.get(kind)
    if not slash or noun is None or not name.startswith(own):
        return True
    return noun.find_by_arn(ctx.read, place(ctx), name) is not None
