"""Users and roles that go: trust policies that named them keep their unique id, so that a namesake is not trusted."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import bindparam, func, select, update

from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import Noun, Row
from batchyard.services.iam.tables import roles
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_NAMING = Prepared(
    select(roles.c.id, roles.c.trust_document).where(
        roles.c.partition == bindparam("in_partition"),
        roles.c.account == bindparam("of"),
        func.instr(roles.c.trust_document, bindparam("arn")) > 0,
    )
)


def keep_ids(tx: Transaction, noun: Noun, gone: Row) -> None:
    """Put the unique id of a user or role that is deleted in its ARN's place in the account's trust policies.

    What AWS shows after a deletion (IAM user guide, "Principal": the ARN turns into the AIDA or AROA id; recorded
    in iam-evaluation.md 2). Trust policies of other accounts keep the ARN: nobody is to read all accounts for it.
    """
    arn = noun.arn_of(gone)
    changed = False
    for row in tx.all(_NAMING, in_partition=gone.partition, of=gone.account, arn=f'"{arn}"'):
        document = orjson.loads(row.trust_document)
        if _replace(document, arn, gone.id):
            text = orjson.dumps(document).decode()
            tx.run(update(roles).where(roles.c.id == row.id).values(trust_document=text))
            changed = True
    if changed:
        revisions.replace(tx, gone.partition, gone.account)


def _replace(document: dict[str, Any], arn: str, unique_id: str) -> bool:
    """Replace the ARN in every Principal element; says whether it stood in one."""
    statements = document["Statement"]
    replaced = False
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if not isinstance(named, dict) or "AWS" not in named:
                continue
            listed = named["AWS"] if isinstance(named["AWS"], list) else [named["AWS"]]
            if arn in listed:
                kept = [unique_id if one == arn else one for one in listed]
                named["AWS"] = kept if isinstance(named["AWS"], list) else kept[0]
                replaced = True
    return replaced
