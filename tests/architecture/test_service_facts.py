"""A service tells its own facts: its name stands nowhere else, and what it declares agrees with botocore's model."""

from __future__ import annotations

import ast

import pytest

from architecture.source import trees
from batchyard.services import NAMES, load_services
from batchyard.wire import facts
from batchyard.wire import model as wire_model
from batchyard.wire.http import HttpRequest
from batchyard.wire.route import guess_service

ELSEWHERE = {
    "cli": "a client like any other: it asks IAM who there is, and CloudTrail what happened",
    "gateway/assuming.py": "sessions come from STS's AssumeRole, a service's own too",
    "policy": "the grammar of IAM's own ARNs, and AWS's list of condition keys, which go by prefix",
    "wire/model.py": "a protocol has EC2's name, and an error needs a form where no service is told",
}
"""Where a service is named outside `services/`, and why: at most five entries, and the list can only shrink."""

load_services()


def _names(tree: ast.Module) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in NAMES}


def test_a_service_is_named_by_itself_alone() -> None:
    naming = {
        next((place for place in ELSEWHERE if path.startswith(place)), path)
        for path, tree in trees().items()
        if not path.startswith("services/") and _names(tree)
    }
    assert naming == set(ELSEWHERE)
    assert len(ELSEWHERE) <= 5


def test_a_name_is_found() -> None:
    assert _names(ast.parse('if service == "batch": pass')) == {"batch"}


@pytest.mark.parametrize("name", NAMES)
def test_versions_and_targets_are_the_models(name: str) -> None:
    told, model = facts.declared()[name], wire_model.load(name)
    if model.protocol in ("query", "ec2"):
        assert told.versions == (model.api_version,)
    elif model.protocol == "json":
        assert model.target_prefix in told.targets
    else:
        assert not told.versions
        assert not told.targets
    assert (told.invalid is None) == (model.protocol == "ec2")


@pytest.mark.parametrize(("path", "service"), [("/cluster-versions", "eks"), ("/v1/submitjob", "batch")])
def test_a_request_without_signature_is_told_by_its_path(path: str, service: str) -> None:
    assert guess_service(HttpRequest("GET", path, "", {}, b"")) == service
