"""Inline policies of users, groups and roles: put, get, list, delete."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import bindparam, delete, select

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import GROUP, ROLE, USER, cut_page
from batchyard.services.iam.policies import documents
from batchyard.services.iam.principals.ownership import list_inline
from batchyard.services.iam.principals.protection import require_modifiable
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import inline_policies
from batchyard.store.prepared import Prepared, Row
from batchyard.store.upsert import upsert

_ONE = Prepared(
    select(inline_policies).where(
        inline_policies.c.owner_id == bindparam("owner"), inline_policies.c.name_key == bindparam("key")
    )
)


def _put(noun: Noun[Row], ctx: Context, request: Any) -> None:
    """Write an inline policy, new or in place of a policy with the same name."""
    owner = require_modifiable(ctx, noun, request[noun.member])
    name, document = request["PolicyName"], request["PolicyDocument"]
    documents.check(document, "identity", ctx.partition)
    others = [one for one in list_inline(ctx, owner) if one.name_key != name.lower()]
    quota = documents.INLINE_SIZE[noun.kind]
    if documents.size(document) + sum(documents.size(one.document) for one in others) > quota:
        text = f"Maximum policy size of {quota} bytes exceeded for {noun.kind} {owner.name}"
        raise iam.error.LimitExceededException(text)
    place = {"owner_id": owner.id, "name_key": name.lower(), "account": ctx.account}
    ctx.write.run(upsert(inline_policies, {**place, "name": name, "document": document}))
    revisions.changed(ctx)


def _get(noun: Noun[Row], ctx: Context, request: Any) -> dict[str, Any]:
    owner = noun.require(ctx, request[noun.member])
    found = ctx.read.first(_ONE, owner=owner.id, key=request["PolicyName"].lower())
    if found is None:
        raise _missing(noun, request["PolicyName"])
    return {
        noun.member: owner.name,
        "PolicyName": found.name,
        "PolicyDocument": documents.encode(found.document),
    }


def _list(noun: Noun[Row], ctx: Context, request: Any) -> dict[str, Any]:
    owner = noun.require(ctx, request[noun.member])
    shown, end = cut_page(list_inline(ctx, owner), request, lambda one: one.name_key)
    return {"PolicyNames": [one.name for one in shown], **end}


def _delete(noun: Noun[Row], ctx: Context, request: Any) -> None:
    owner = require_modifiable(ctx, noun, request[noun.member])
    gone = delete(inline_policies).where(
        inline_policies.c.owner_id == owner.id,
        inline_policies.c.name_key == request["PolicyName"].lower(),
    )
    if ctx.write.run(gone) == 0:
        raise _missing(noun, request["PolicyName"])
    revisions.changed(ctx)


def _missing(noun: Noun[Row], name: str) -> Exception:
    text = f"The {noun.kind} policy with name {name} cannot be found."
    return iam.error.NoSuchEntityException(text)


for _noun in (USER, GROUP, ROLE):
    _on, _kind = _noun.named(), _noun.kind
    iam.operation(on=_on, writes=True, name=f"put_{_kind}_policy")(partial(_put, _noun))
    iam.operation(on=_on, name=f"get_{_kind}_policy")(partial(_get, _noun))
    iam.operation(on=_on, name=f"list_{_kind}_policies")(partial(_list, _noun))
    iam.operation(on=_on, writes=True, name=f"delete_{_kind}_policy")(partial(_delete, _noun))
