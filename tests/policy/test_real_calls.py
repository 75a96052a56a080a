"""The corpus's second door: what a case says is what a real call, of a real principal with these policies, gets."""

import itertools

import pytest
from botocore.exceptions import ClientError

from policy.calls import CALLS, call_of
from policy.stage import Stage
from policy.test_corpus import load_cases

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
EVERY = 12
"""Each twelfth case runs by default, and all in the slow group."""


def _puttable():
    number = itertools.count()
    for param in load_cases():
        (case,) = param.values
        call = call_of(case)
        if call is not None:
            marks = [] if next(number) % EVERY == 0 else [pytest.mark.slow]
            yield pytest.param(case, call, id=param.id, marks=marks)


PUTTABLE = list(_puttable())


@pytest.fixture
def other_account(account):
    return f"{(int(account) + 500) % 10**12:012}"


@pytest.mark.parametrize(("case", "call"), PUTTABLE)
def test_a_real_call(case, call, endpoint, account, other_account):
    stage = Stage(endpoint, account, other_account, case)
    try:
        stage.ask(call)
        refusal = None
    except ClientError as error:
        refusal = error.response["Error"]
    resource, expected = stage.case["request"]["resource"], case["expect"]
    denial = f"is not authorized to perform: {call.action} on resource: "
    named = [denial + resource, denial + _in_words(resource)]
    denied = refusal is not None and refusal["Code"] in DENIED
    told = refusal["Message"] if refusal is not None else ""
    denied = denied and any(one in told for one in named)
    assert denied == (expected["outcome"] != "allowed"), refusal
    principal = case["request"]["principal"]
    if denied and principal["account"] == case["request"]["resource_account"]:
        assert _tail(expected) in told


def _in_words(arn):
    """How IAM names what a request gives by name: `role admin`."""
    kind, _, path = arn.rsplit(":", 1)[-1].partition("/")
    return f"{kind.replace('-', ' ')} {path.rsplit('/', 1)[-1]}"


def _tail(expected):
    """How a denial ends, by iam-evaluation.md 6."""
    if expected["outcome"] == "explicitDeny":
        return f"with an explicit deny in {'the' if 'trust' in expected['reason'] else 'a'}"
    return f"because no {expected['reason']} allows the"


def test_many_cases_are_put_as_calls_with_every_kind_of_principal_and_outcome():
    assert len(PUTTABLE) >= 150
    cases = [param.values[0] for param in PUTTABLE]
    assert {case["request"]["principal"]["kind"] for case in cases} == {"user", "role-session", "root"}
    assert {case["expect"]["outcome"] for case in cases} == {"allowed", "implicitDeny", "explicitDeny"}
    reasons = {case["expect"]["reason"] for case in cases}
    assert reasons >= {"identity-based policy", "permissions boundary", "session policy", "role trust policy"}
    assert {param.values[1].action for param in PUTTABLE} <= CALLS.keys()
