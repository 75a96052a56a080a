"""Two evaluators, one language: src's and the naive one must agree on whatever Hypothesis thinks of."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchyard.policy.evaluate import evaluate
from batchyard.policy.wildcard import are_present, matcher, parse_template
from policy import reference
from policy.cases import decide, sources, to_policies, to_request
from policy.strategies import condition_cases, decision_cases

CALM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def agree(case):
    decision = decide(case)
    assert (decision.outcome, decision.reason) == reference.decide(case), json.dumps(case, indent=1)
    by_effect = {"allowed": "Allow", "explicitDeny": "Deny"}
    for ref in decision.statements:
        assert ref.source.policy.statements[ref.index].effect == by_effect[decision.outcome]
    if decision.outcome == "explicitDeny":
        assert len(decision.statements) == 1
    if decision.outcome == "allowed" and case["request"]["principal"]["kind"] != "root":
        assert decision.statements


@given(decision_cases())
@settings(max_examples=200, **CALM)
def test_both_evaluators_agree(case):
    agree(case)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(decision_cases())
@settings(max_examples=20_000, **CALM)
def test_both_evaluators_agree_at_length(case):
    agree(case)


@given(condition_cases())
@settings(max_examples=300, **CALM)
def test_both_evaluators_agree_on_conditions(case):
    agree(case)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(condition_cases())
@settings(max_examples=10_000, **CALM)
def test_both_evaluators_agree_on_conditions_at_length(case):
    agree(case)


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


def outcome(case):
    decision = decide(case)
    return decision.outcome, decision.reason


def statements_of(document):
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def with_statements(document, statements):
    return {**document, "Statement": statements}


@given(decision_cases(), st.randoms(use_true_random=False))
@settings(max_examples=40, **CALM)
def test_the_order_of_statements_and_policies_does_not_matter(case, random):
    def shuffled(items):
        return random.sample(items, len(items))

    given_policies = case["policies"]
    changed = dict(given_policies)
    changed["identity"] = shuffled(
        [with_statements(d, shuffled(statements_of(d))) for d in given_policies["identity"]]
    )
    for name in ("boundary", "resource"):
        if given_policies.get(name):
            document = given_policies[name]
            changed[name] = with_statements(document, shuffled(statements_of(document)))
    assert outcome({**case, "policies": changed}) == outcome(case)


@given(decision_cases())
@settings(max_examples=40, **CALM)
def test_a_policy_split_into_one_for_each_statement_says_the_same(case):
    split = [
        with_statements(document, [statement])
        for document in case["policies"]["identity"]
        for statement in statements_of(document)
    ]
    changed = {**case, "policies": {**case["policies"], "identity": split}}
    assert outcome(changed) == outcome(case)


@given(decision_cases())
@settings(max_examples=40, **CALM)
def test_two_policies_of_one_version_merged_say_the_same(case):
    merged = {}
    for document in case["policies"]["identity"]:
        merged.setdefault(document.get("Version"), []).extend(statements_of(document))
    documents = [
        {"Version": version, "Statement": statements} if version else {"Statement": statements}
        for version, statements in merged.items()
    ]
    changed = {**case, "policies": {**case["policies"], "identity": documents}}
    assert outcome(changed) == outcome(case)


@given(decision_cases(), st.sampled_from(["Allow", "Deny"]))
@settings(max_examples=40, **CALM)
def test_a_statement_about_something_else_changes_nothing(case, effect):
    elsewhere = {"Effect": effect, "Action": "elsewhere:Do", "Resource": "*"}
    documents = [with_statements(d, [elsewhere, *statements_of(d)]) for d in case["policies"]["identity"]]
    changed = {**case, "policies": {**case["policies"], "identity": documents}}
    assert outcome(changed) == outcome(case)


@given(decision_cases())
@settings(max_examples=40, **CALM)
def test_a_deny_of_all_denies_and_more_allows_never_turn_an_allow_into_a_deny(case):
    principal = case["request"]["principal"]["kind"]
    if principal in ("user", "role-session", "federated-user"):
        everything = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"},
        }
        identity = [*case["policies"]["identity"], everything]
        changed = {**case, "policies": {**case["policies"], "identity": identity}}
        assert outcome(changed)[0] == "explicitDeny"
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    changed = {**case, "policies": {**case["policies"], "identity": [*case["policies"]["identity"], allow]}}
    before, after = outcome(case)[0], outcome(changed)[0]
    assert before == after or (before, after) == ("implicitDeny", "allowed")


@given(decision_cases())
@settings(max_examples=40, **CALM)
def test_a_trace_tells_the_same_story_as_the_decision(case):
    decision = decide(case, trace=True)
    assert (decision.outcome, decision.reason) == outcome(case)
    matched = {(one.ref.source, one.ref.index) for one in decision.trace if one.matched}
    assert {(ref.source, ref.index) for ref in decision.statements} <= matched
    denies = [one for one in decision.trace if one.matched and one.effect == "Deny"]
    assert bool(denies) == (decision.outcome == "explicitDeny")


@given(decision_cases())
@settings(max_examples=40, **CALM)
def test_a_policy_gives_the_same_answer_when_asked_again(case):
    policies, request = to_policies(case), to_request(case)
    assert evaluate(request, policies) == evaluate(request, policies)
    assert sources("identity", case["policies"]["identity"]) == policies.identity
