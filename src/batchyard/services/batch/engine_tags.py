"""The tag of a compute environment that names the engine of its jobs: what it may say.

Texts of errors without a source were not compared with AWS's [guess].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.refusals import refusal

ENGINE_TAG = "batchyard:engine"


def engine_tag(environment: Any) -> str | None:
    """The engine that an environment's tags name."""
    named: str | None = environment.tags.get(ENGINE_TAG)
    return named or None


def check_engine_tag(ctx: Context, tags: Mapping[str, str]) -> None:
    """Raise ClientException for an engine that the settings do not list for the account (no text of AWS's)."""
    name = tags.get(ENGINE_TAG)
    known = ctx.runtime.engines.names_for(ctx.account)
    if name and name not in known:
        raise refusal(
            ctx, f"{ENGINE_TAG} names no engine of this account: {name} is not one of {', '.join(known)}"
        )


def check_engine_stays(ctx: Context, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raise ClientException where the engine of an environment would be another: its cluster has the tag from its
    creation (no text of AWS's)."""
    if before.get(ENGINE_TAG) != after.get(ENGINE_TAG):
        raise refusal(ctx, f"{ENGINE_TAG} of a compute environment is given at its creation, and stays")
