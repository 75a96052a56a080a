"""Whom a trust policy names must be there when it is written: IAM keeps principals by their unique ids."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.policy.document import Policy
from batchyard.services.iam.nouns import ROLE, USER
from batchyard.services.iam.service import iam


def refuse_missing(ctx: Context, trust: Policy) -> None:
    """Raise MalformedPolicyDocument where a user or role of this account is named that is not there.

    Recorded: hashicorp/terraform-provider-aws#8905, opstrace/opstrace#88. AWS asks other accounts, too; here they
    may be accounts that nobody has on this server, so their principals are taken as they are written.
    """
    own = f"arn:{ctx.partition}:iam::{ctx.account}:"
    for statement in trust.statements:
        for name in (statement.elements.principals or {}).get("AWS", ()):
            kind, slash, path = name.removeprefix(own).partition("/")
            noun = {"user": USER, "role": ROLE}.get(kind)
            if not slash or noun is None or not name.startswith(own):
                continue
            row = noun.find(ctx.read, ctx.partition, ctx.account, path.rpartition("/")[2])
            if row is None or noun.arn_of(row) != name:
                raise iam.error.MalformedPolicyDocumentException(
                    f'Invalid principal in policy: "AWS":"{name}"'
                )
