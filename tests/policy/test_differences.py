"""Two evaluators, one language: src's and the naive one must agree on whatever Hypothesis thinks of."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchyard.policy.evaluate import evaluate
from batchyard.policy.wildcard import are_present, matcher, parse_template
from policy import reference
from policy.cases import decide, sources, to_policies, to_request
from policy.generated import condition_case, decision_case
from policy.smallest import smallest
from policy.strategies import decision_cases, dice
from policy.variants import VARIANTS, with_policies

CALM: dict[str, Any] = {"suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
SHARES = 10
EXAMPLES = 200_000


def outcome(case):
    decision = decide(case)
    return decision.outcome, decision.reason


def differ(case):
    return outcome(case) != reference.decide(case)


def compare(dice):
    """Both evaluators on a case, and on the same case written in another way."""
    case = dice.one_of([decision_case, condition_case])(dice)
    if differ(case):
        pytest.fail(f"the evaluators differ: {json.dumps(smallest(case, differ))}")
    decided = outcome(case)
    variant = dice.one_of(VARIANTS)
    changed = variant(dice, case)
    assert outcome(changed) == decided, (variant.__name__, json.dumps(case))
    assert reference.decide(changed) == decided, (variant.__name__, json.dumps(case))


@given(dice())
@settings(max_examples=600, **CALM)
def test_both_evaluators_agree_in_whatever_way_it_is_written(dice):
    compare(dice)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", range(SHARES))
def test_both_evaluators_agree_at_length(share):
    """200,000 examples in all, in shares so that several processes can take one each."""

    @given(dice())
    @settings(max_examples=EXAMPLES // SHARES, database=None, **CALM)
    def compare_all(dice):
        compare(dice)

    compare_all()


@given(decision_cases())
@settings(max_examples=200, **CALM)
def test_a_decision_names_the_statements_that_made_it(case):
    decision = decide(case)
    by_effect = {"allowed": "Allow", "explicitDeny": "Deny"}
    for ref in decision.statements:
        assert ref.source.policy.statements[ref.index].effect == by_effect[decision.outcome]
    if decision.outcome == "explicitDeny":
        assert len(decision.statements) == 1
    if decision.outcome == "allowed" and case["request"]["principal"]["kind"] != "root":
        assert decision.statements or decision.reason == "no permission needed"


def test_what_is_found_by_chance_is_made_smaller():
    def allows(case):
        return reference.decide(case)[0] == "allowed"

    statement = {"Effect": "Allow", "Action": ["s3:*", "batch:*"], "Resource": ["*", "arn:aws:s3:::b"]}
    other = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    request = {
        "action": "s3:GetObject",
        "resource": "*",
        "context": {"aws:username": "alice"},
        "principal": {
            "kind": "user",
            "account": "123456789012",
            "arn": "arn:aws:iam::123456789012:user/alice",
        },
        "resource_account": "123456789012",
    }
    policies = {"identity": [{"Version": "2012-10-17", "Statement": [other, statement]}], "boundary": None}
    found = smallest({"policies": policies, "request": request}, allows)
    (document,) = found["policies"]["identity"]
    assert document == {"Statement": [{"Effect": "Allow", "Action": ["s3:*"]}]}
    assert found["request"]["context"] == {}


PATTERN = st.text(alphabet="ab*?${},'", max_size=14) | st.lists(
    st.sampled_from(
        ["*", "?", "a", "ab", "${k}", "${K, 'a*'}", "${*}", "${?}", "${$}", "${ m }", "${", "}", "$"]
    )
).map("".join)


@given(PATTERN, st.text(alphabet="ab*?${}", max_size=12), st.booleans())
@settings(max_examples=300, **CALM)
def test_both_agree_on_patterns(source, text, variables):
    context = {"k": "ab*"}
    template = parse_template(source, variables=variables)
    expected = reference.filled(source, context) if variables else reference.plain(source)
    if expected is reference.FAILS:
        assert not are_present(template.required, context)
    else:
        assert matcher(template.resolve(context))(text) == reference.glob(expected, text)


@given(decision_cases())
@settings(max_examples=200, **CALM)
def test_a_deny_of_all_denies_and_more_allows_never_turn_an_allow_into_a_deny(case):
    principal = case["request"]["principal"]["kind"]
    needs_permission = case["request"]["action"] != "sts:GetCallerIdentity"
    if needs_permission and principal in ("user", "role-session", "federated-user"):
        everything = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"},
        }
        identity = [*case["policies"]["identity"], everything]
        changed = with_policies(case, identity=identity)
        assert outcome(changed)[0] == "explicitDeny"
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    changed = with_policies(case, identity=[*case["policies"]["identity"], allow])
    before, after = outcome(case)[0], outcome(changed)[0]
    assert before == after or (before, after) == ("implicitDeny", "allowed")


@given(decision_cases())
@settings(max_examples=200, **CALM)
def test_a_trace_tells_the_same_story_as_the_decision(case):
    decision = decide(case, trace=True)
    assert (decision.outcome, decision.reason) == outcome(case)
    matched = {(one.ref.source, one.ref.index) for one in decision.trace if one.matched}
    assert {(ref.source, ref.index) for ref in decision.statements} <= matched
    denies = [one for one in decision.trace if one.matched and one.effect == "Deny"]
    if decision.reason != "no permission needed":  # sts:GetCallerIdentity works in spite of a Deny
        assert bool(denies) == (decision.outcome == "explicitDeny")


@given(decision_cases())
@settings(max_examples=200, **CALM)
def test_a_policy_gives_the_same_answer_when_asked_again(case):
    policies, request = to_policies(case), to_request(case)
    assert evaluate(request, policies) == evaluate(request, policies)
    assert sources("identity", case["policies"]["identity"]) == policies.identity
