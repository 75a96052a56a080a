"""Cases as JSON, turned into what `evaluate` is asked with."""

import json

from batchyard.policy.document import parse
from batchyard.policy.evaluate import PolicySet, Principal, Request, Source, evaluate

ACCOUNT = "123456789012"


def source(kind, document, number=0):
    """A policy document as a Source; its kind says under which rules it is parsed."""
    return Source(
        kind=kind,
        name=f"{kind}-{number}",
        arn=None,
        version=None,
        policy=parse(json.dumps(document), kind=kind),
    )


def sources(kind, documents):
    return tuple(source(kind, document, number) for number, document in enumerate(documents))


def to_policies(case):
    """The PolicySet of a case: its `policies` hold documents under the names of PolicySet's fields."""
    given = case["policies"]
    trust = case["request"].get("trust_required", False)
    return PolicySet(
        identity=sources("identity", given.get("identity", ())),
        boundary=source("boundary", given["boundary"]) if given.get("boundary") else None,
        session=None if given.get("session") is None else sources("session", given["session"]),
        resource=source("trust" if trust else "resource", given["resource"])
        if given.get("resource")
        else None,
        scp=None if given.get("scp") is None else tuple(sources("scp", level) for level in given["scp"]),
        rcp=None if given.get("rcp") is None else tuple(sources("rcp", level) for level in given["rcp"]),
    )


def to_request(case):
    given = case["request"]
    return Request(
        action=given["action"],
        resource=given["resource"],
        context=dict(given["context"]),
        principal=Principal(**given["principal"]),
        resource_account=given["resource_account"],
        trust_required=given.get("trust_required", False),
    )


def decide(case, *, trace=False):
    """The decision of a case."""
    return evaluate(to_request(case), to_policies(case), trace=trace)


USER = {
    "kind": "user",
    "account": ACCOUNT,
    "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "id": "AIDACKCEVSQ6C2EXAMPLE",
}
SESSION = {
    "kind": "role-session",
    "account": ACCOUNT,
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/builder/nightly",
    "id": "AROACKCEVSQ6C2EXAMPLE:nightly",
    "role_arn": f"arn:aws:iam::{ACCOUNT}:role/ci/builder",
}
LINKED = {
    "kind": "role-session",
    "account": ACCOUNT,
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForBatch/aws-batch",
    "id": "AROACLINKEDQ6C2EXAMPLE:aws-batch",
    "role_arn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch",
}
FEDERATED_USER = {
    "kind": "federated-user",
    "account": ACCOUNT,
    "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
    "id": f"{ACCOUNT}:bob",
    "role_arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
}
ROOT = {"kind": "root", "account": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "id": ACCOUNT}
SERVICE = {
    "kind": "service",
    "account": ACCOUNT,
    "arn": "batch.amazonaws.com",
    "service": "batch.amazonaws.com",
}
FEDERATED = {"kind": "federated", "account": ACCOUNT, "provider": "accounts.google.com"}
STRANGER = {
    "kind": "user",
    "account": "999999999999",
    "arn": "arn:aws:iam::999999999999:user/mallory",
    "id": "AIDASTRANGERQ6CEXAMPLE",
}
FOREIGN_SESSION = {
    "kind": "role-session",
    "account": "999999999999",
    "arn": "arn:aws:sts::999999999999:assumed-role/builder/nightly",
    "id": "AROAFOREIGN6C2EXAMPLE:nightly",
    "role_arn": "arn:aws:iam::999999999999:role/ci/builder",
}
ANONYMOUS = {"kind": "anonymous", "account": ""}
PRINCIPALS = {
    "user": USER,
    "session": SESSION,
    "linked": LINKED,
    "federated-user": FEDERATED_USER,
    "root": ROOT,
    "service": SERVICE,
    "federated": FEDERATED,
    "stranger": STRANGER,
    "foreign-session": FOREIGN_SESSION,
    "anonymous": ANONYMOUS,
}
