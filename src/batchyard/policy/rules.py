"""What a document must fulfil beyond its syntax: versions, resources, actions, principals; AWS's words for each."""

from __future__ import annotations

import re

from batchyard.policy.grammar import (
    CURRENT,
    LEGACY,
    SYNTAX,
    WITH_PRINCIPAL,
    Document,
    Elements,
    Kind,
    MalformedPolicy,
    check_statement_ids,
)
from batchyard.policy.principal_rules import check_principals
from batchyard.policy.resource_rules import fails_legacy_parsing, resource_fault

_VENDOR = re.compile(r"[A-Za-z0-9.-]*", re.ASCII)
_TRUST_ACTIONS = frozenset(
    [
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
        "sts:SetContext",
    ]
)
"""In these letters, without wildcards: `sts:*`, `*` and `sts:assumerole` are refused (probed: cdk-preflight)."""


def check(document: Document, *, kind: Kind, partition: str | None) -> None:
    """Raise MalformedPolicy where the document breaks a rule; the order of the rules is AWS's as recorded.

    `partition`: the resources must be of it; None allows each that AWS has.
    """
    if kind == "managed" and not (document.has_version and document.version == CURRENT):
        raise MalformedPolicy("Policy document must be version 2012-10-17 or greater.")
    statements = document.statements
    if kind not in WITH_PRINCIPAL and any(statement.has_principal for statement in statements):
        raise MalformedPolicy("Policy document should not specify a principal.")
    resource_error = None if kind == "trust" else _legacy(document, kind, partition)
    if kind == "trust":
        _check_values(statements)
    check_statement_ids(document, kind)
    if any(not statement.actions for statement in statements):
        raise MalformedPolicy(
            "Missing required field Action" if kind == "trust" else "Policy statement must contain actions."
        )
    if resource_error:
        raise MalformedPolicy(resource_error)
    for statement in statements:
        _check_actions(statement, kind)
    if kind == "trust":
        _check_trust(statements)
    elif any(not statement.resources for statement in statements):
        raise MalformedPolicy(
            "Missing required field Resource"
            if kind == "resource"
            else "Policy statement must contain resources."
        )
    if kind in WITH_PRINCIPAL:
        check_principals(statements, kind, partition)


def _check_values(statements: tuple[Elements, ...]) -> None:
    for statement in statements:
        if statement.effect not in ("Allow", "Deny"):
            raise MalformedPolicy(LEGACY)
        for condition in statement.conditions:
            # Recorded for dates, probed for the others (cdk-preflight, rules/iam).
            if not all(condition.use.operator.is_value(value) for value in condition.values):
                raise MalformedPolicy(SYNTAX if condition.use.operator.name == "BinaryEquals" else LEGACY)


def _legacy(document: Document, kind: Kind, partition: str | None) -> str | None:
    """Checks that come as `failed legacy parsing`; returns the first fault of a resource, which comes later."""
    _check_values(document.statements)
    if kind == "aws-managed":
        return None
    fault: str | None = None
    for statement in document.statements:
        for resource in statement.resources or ():
            fault = fault or resource_fault(resource, partition)
        if fault is None and any(fails_legacy_parsing(resource) for resource in statement.resources or ()):
            raise MalformedPolicy(LEGACY)
    return fault


def _check_actions(statement: Elements, kind: Kind) -> None:
    for action in statement.actions or ():
        vendor, *rest = action.split(":")
        if not rest and vendor != "*":
            raise MalformedPolicy(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )
        if len(rest) > 1:
            raise MalformedPolicy("Actions/Condition can contain only one colon.")
        if rest and kind != "aws-managed" and ("*" in vendor or "?" in vendor):
            raise MalformedPolicy("Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.")
        if rest and kind != "aws-managed" and not _VENDOR.fullmatch(vendor):
            raise MalformedPolicy(f"Vendor {vendor} is not valid")


def _check_trust(statements: tuple[Elements, ...]) -> None:
    for statement in statements:
        if statement.resources is not None:
            raise MalformedPolicy(
                "AssumeRole policy must not contain resources."
                if statement.not_resource
                else "Has prohibited field Resource"
            )
        if not _TRUST_ACTIONS.issuperset(statement.actions or ()):
            raise MalformedPolicy("AssumeRole policy may only specify STS AssumeRole actions.")
