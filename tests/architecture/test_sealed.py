"""What is sealed is known: a place that seals something for the database marks the column, so that keys can change."""

from __future__ import annotations

import ast

from architecture.source import trees
from batchyard.identity.key_rotation import sealed_columns
from batchyard.services import load_services

SEALERS = {
    "identity/authorization_messages.py": "encoded messages: in an answer, never in the database",
    "framework/pagination.py": "page tokens: in an answer, never in the database",
    "identity/key_rotation.py": "what others sealed",
    "gateway/sessions.py": "session tokens: in answers, never in the database",
    "gateway/console_sessions.py": "sign-in tokens: in answers, never in the database",
    "services/ecs/tasks/task_doors.py": "ecs_tasks.sealed_token",
    "services/iam/credentials/access_keys.py": "iam_access_keys.sealed_secret",
    "services/iam/credentials/mfa_devices.py": "iam_mfa_devices.sealed_seed",
    "services/iam/federation/saml_providers.py": "iam_saml_providers.private_keys",
    "services/iam/credentials/server_certificates.py": "iam_server_certificates.sealed_key",
    "services/iam/federation/token_issuers.py": "iam_token_issuers.keys",
}


def test_who_seals() -> None:
    sealing = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("seal", "wrap")
    }
    assert sealing == set(SEALERS)


def test_what_they_seal_is_marked() -> None:
    load_services()
    marked = {f"{column.table.name}.{column.name}" for column in sealed_columns()}
    named = {
        word.strip(":;,") for text in SEALERS.values() for word in text.split() if "." in word and "_" in word
    }
    assert marked == named
