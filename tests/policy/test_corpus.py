"""The corpus: each case decides as its source says, by both evaluators; each document is taken or refused."""

import json
from pathlib import Path

import pytest

from batchyard.policy.document import MalformedPolicy, parse
from policy import reference
from policy.cases import ACCOUNT, PRINCIPALS, decide

CORPUS = Path(__file__).parent.parent / "corpus" / "policy"
FILES = sorted(CORPUS.glob("*.json"))


def load_cases():
    """Every decision case with its documents put in for their names, and the defaults of its request."""
    for path in FILES:
        content = json.loads(path.read_text())
        for case in content.get("cases", ()):
            yield pytest.param(resolved(case, content["documents"]), id=f"{path.stem}: {case['name']}")


def resolved(case, documents):
    def named(value):
        if isinstance(value, list):
            return [named(item) for item in value]
        return documents[value] if isinstance(value, str) else value

    request = {"context": {}, "principal": "user", "resource_account": ACCOUNT, **case["request"]}
    if isinstance(request["principal"], str):
        request["principal"] = PRINCIPALS[request["principal"]]
    policies = {name: named(value) for name, value in case["policies"].items()}
    return {**case, "policies": policies, "request": request}


def load_documents(which):
    content = json.loads((CORPUS / "documents.json").read_text())
    return [pytest.param(case, id=case["name"]) for case in content[which]]


@pytest.mark.parametrize("case", list(load_cases()))
def test_case(case):
    decision = decide(case)
    expected = case["expect"]
    assert (decision.outcome, decision.reason) == (expected["outcome"], expected["reason"])
    assert (decision.outcome, decision.reason) == reference.decide(case)
    if "statements" in expected:
        named = [ref.index if ref.sid is None else ref.sid for ref in decision.statements]
        assert named == expected["statements"]


def as_text(document):
    return document if isinstance(document, str) else json.dumps(document)


@pytest.mark.parametrize("case", load_documents("refused"))
def test_refused_document(case):
    with pytest.raises(MalformedPolicy) as caught:
        parse(as_text(case["document"]), kind=case["kind"], partition=case.get("partition"))
    assert str(caught.value) == case["message"]


@pytest.mark.parametrize("case", load_documents("accepted"))
def test_accepted_document(case):
    policy = parse(as_text(case["document"]), kind=case["kind"])
    assert policy.statements


def test_every_case_names_its_source_and_no_name_comes_twice():
    for path in FILES:
        content = json.loads(path.read_text())
        for group in ("cases", "refused", "accepted"):
            names = [case["name"] for case in content.get(group, ())]
            assert len(names) == len(set(names))
            assert all(case["source"] for case in content.get(group, ()))
