"""Policies, requests and whole cases made by the throw of dice (see `dice.py`), as JSON."""

from typing import Any

from policy import cases
from policy.words import (
    ACTION_PATTERNS,
    ACTIONS,
    AWS_NAMES,
    FAMILIES,
    FAMILY_OF,
    PERMISSIVE,
    PROVIDERS,
    REQUEST_VALUES,
    RESOURCE_PATTERNS,
    RESOURCES,
    SERVICES,
    SEVERAL,
    SIGNS,
    TRUST_ACTIONS,
    TRUST_PATTERNS,
)

_FAMILIES = list(FAMILIES)
_KEYS = list(REQUEST_VALUES)
_PRINCIPALS = list(cases.PRINCIPALS.values())
_QUANTIFIERS = ["", "", "ForAllValues:", "ForAnyValue:"]


def _any_case(dice, name):
    return dice.one_of([name, name, name.upper(), name.lower()])


def condition_line(dice):
    """(operator, key, values): one line of a Condition block."""
    names = dice.one_of(_FAMILIES)
    operator = dice.one_of(names)

    def value(dice):
        if operator.startswith("String") and dice.once_in(3):
            return dice.text(SIGNS, 8)
        return dice.one_of(FAMILIES[names])

    suffix = "IfExists" if operator != "Null" and dice.once_in(3) else ""
    written = dice.one_of(_QUANTIFIERS) + operator + suffix
    written = written.lower() if dice.once_in(4) else written
    return written, _any_case(dice, dice.one_of(_KEYS)), dice.maybe_list(value, least=0)


def conditions(dice, *, least=0):
    block: dict[str, dict[str, Any]] = {}
    for operator, key, values in dice.some(condition_line, least=least, most=2):
        block.setdefault(operator, {})[key] = values
    return block


def principal_element(dice, *, trust=False):
    if not trust and dice.once_in(6):
        return "*"
    element = {}
    if not dice.once_in(4):
        element["AWS"] = dice.maybe_list(lambda dice: dice.one_of(AWS_NAMES), most=4)
    if not element or dice.once_in(4):
        element["Service"] = dice.maybe_list(lambda dice: dice.one_of(SERVICES))
    if dice.once_in(4):
        element["Federated"] = dice.maybe_list(lambda dice: dice.one_of(PROVIDERS))
    return element


def statement(dice, *, with_principal=False, trust=False):
    found = {"Effect": dice.one_of(["Allow", "Allow", "Deny"])}
    patterns = TRUST_PATTERNS if trust else ACTION_PATTERNS
    negated = ["", "", "", "Not"]
    action = "Action" if trust else dice.one_of(negated) + "Action"
    found[action] = dice.maybe_list(lambda dice: dice.one_of(patterns))
    if not trust:
        name = dice.one_of(negated) + "Resource"
        found[name] = dice.maybe_list(lambda dice: dice.one_of(RESOURCE_PATTERNS))
    if with_principal:
        found[dice.one_of(negated) + "Principal"] = principal_element(dice, trust=trust)
    if dice.once_in(2):
        found["Condition"] = conditions(dice)
    return found


def document(dice, **which):
    found = dice.maybe_list(lambda dice: statement(dice, **which), most=4)
    version = dice.one_of(["2012-10-17", "2012-10-17", "2008-10-17", None])
    return {"Version": version, "Statement": found} if version else {"Statement": found}


def context(dice):
    found = {}
    for key, pool in REQUEST_VALUES.items():
        if dice.once_in(2):
            several = key in SEVERAL or dice.once_in(10)
            found[key] = (
                dice.some(lambda dice, pool=pool: dice.one_of(pool)) if several else dice.one_of(pool)
            )
    if dice.once_in(4):
        found["aws:username"] = dice.text(SIGNS, 8)
    return found


def _plain(dice):
    return PERMISSIVE if dice.once_in(3) else document(dice)


def _controlling(dice):
    return document(dice, with_principal=True)


def _levels(dice, make, most):
    return dice.some(lambda dice: dice.some(make, most=2), most=most)


def decision_case(dice):
    """A request with all that may bear on it."""
    trust = dice.once_in(4)
    given = {"identity": dice.some(_plain, most=2)}
    if dice.once_in(4):
        given["boundary"] = _plain(dice)
    if dice.once_in(4):
        given["session"] = dice.some(_plain, most=2)
    if dice.once_in(5):
        given["scp"] = _levels(dice, _plain, 2)
    if dice.once_in(10):
        given["rcp"] = _levels(dice, _controlling, 2)
    if trust or dice.once_in(2):
        given["resource"] = document(dice, with_principal=True, trust=trust)
    actions = TRUST_ACTIONS if trust else ACTIONS
    request = {
        "action": "sts:GetCallerIdentity" if dice.once_in(40) else dice.one_of(actions),
        "resource": dice.one_of(RESOURCES),
        "context": context(dice),
        "principal": dice.one_of(_PRINCIPALS),
        "resource_account": dice.one_of([cases.ACCOUNT, cases.ACCOUNT, "999999999999"]),
        "trust_required": trust,
    }
    return {"policies": given, "request": request}


def condition_case(dice):
    """One statement that hangs on its conditions alone; the key has a value of the operator's own family."""
    block: dict[str, dict[str, Any]] = {}
    given = context(dice)
    for operator, key, values in dice.some(condition_line, least=1, most=2):
        block.setdefault(operator, {})[key] = values
        _give_value(dice, given, operator, key)
    effect, version = dice.one_of(["Allow", "Deny"]), dice.one_of(["2012-10-17", "2012-10-17", "2008-10-17"])
    hanging = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": block}
    found = {"Version": version, "Statement": hanging}
    request = {
        "action": "s3:GetObject",
        "resource": "*",
        "context": given,
        "principal": cases.USER,
        "resource_account": cases.ACCOUNT,
    }
    identity = [found] if effect == "Allow" else [found, PERMISSIVE]
    return {"policies": {"identity": identity}, "request": request}


def _give_value(dice, given, operator, key):
    known = next((name for name in _KEYS if name.lower() == key.lower()), key)
    name = operator.lower().rpartition(":")[2].removesuffix("ifexists")
    pool = [value for value in FAMILY_OF[name] if type(value) is str] or ["true"]

    def one(dice):
        return dice.one_of(pool if dice.once_in(2) else REQUEST_VALUES[known])

    choice = dice.number(0, 4)
    if choice == 0:
        given.pop(known, None)
    elif choice > 1:
        given[known] = one(dice) if choice < 4 else dice.some(one)
