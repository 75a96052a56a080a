"""Users and roles that go or get another name: trust policies that named them go on meaning the very same."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import bindparam, func, or_, select, update

from batchyard.framework.noun import Noun
from batchyard.services.iam import revisions
from batchyard.services.iam.tables import roles
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_NAMING = Prepared(
    select(roles.c.id, roles.c.trust_document).where(
        roles.c.partition == bindparam("in_partition"),
        roles.c.account == bindparam("of"),
        # JSON can spell an ARN with escapes: a document that has any is looked at, too.
        or_(
            func.instr(roles.c.trust_document, bindparam("arn")) > 0,
            func.instr(roles.c.trust_document, "\\") > 0,
        ),
    )
)


def keep_ids(tx: Transaction, noun: Noun[Row], gone: Row) -> None:
    """Put the unique id of a user or role that is deleted in its ARN's place in the account's trust policies.

    What AWS shows after a deletion (IAM user guide, "Principal": the ARN turns into the AIDA or AROA id; recorded
    in iam-evaluation.md 2). Trust policies of other accounts keep the ARN: nobody is to read all accounts for it.
    """
    _rewrite(tx, gone, noun.arn_of(gone), gone.id)


def follow(tx: Transaction, noun: Noun[Row], before: Row, after: Row) -> None:
    """Put the new ARN of a user that is renamed or moved in the old one's place: it is trusted as before.

    AWS keeps principals by their unique ids, so that a trust policy follows (IAM user guide, "Principal").
    """
    _rewrite(tx, before, noun.arn_of(before), noun.arn_of(after))


def _rewrite(tx: Transaction, of: Row, arn: str, by: str) -> None:
    changed = False
    for row in tx.all(_NAMING, in_partition=of.partition, of=of.account, arn=f'"{arn}"'):
        document = orjson.loads(row.trust_document)
        if _replace(document, arn, by):
            text = orjson.dumps(document).decode()
            tx.run(update(roles).where(roles.c.id == row.id).values(trust_document=text))
            changed = True
    if changed:
        revisions.replace(tx, of.partition, of.account)


def _replace(document: dict[str, Any], arn: str, by: str) -> bool:
    """Replace the ARN in every Principal element; says whether it stood in any."""
    statements = document["Statement"]
    replaced = False
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if not isinstance(named, dict) or "AWS" not in named:
                continue
            listed = named["AWS"] if isinstance(named["AWS"], list) else [named["AWS"]]
            if arn in listed:
                kept = [by if one == arn else one for one in listed]
                named["AWS"] = kept if isinstance(named["AWS"], list) else kept[0]
                replaced = True
    return replaced
