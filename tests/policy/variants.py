"""Other ways to write the same policies: none of them may change a decision."""

import copy
from typing import Any


def statements_of(document):
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def with_statements(document, statements):
    return {**document, "Statement": statements}


def with_policies(case, **changed):
    return {**case, "policies": {**case["policies"], **changed}}


def _each_document(case, change):
    """The case with `change(document)` for every document in it, wherever it is attached."""

    def changed(value):
        if isinstance(value, list):
            return [changed(item) for item in value]
        return None if value is None else change(value)

    return with_policies(case, **{name: changed(value) for name, value in case["policies"].items()})


def _each_statement(case, change):
    return _each_document(
        case, lambda document: with_statements(document, [change(one) for one in statements_of(document)])
    )


def shuffled(dice, case):
    """Statements in another order, policies too (levels of an organization aside: each must allow)."""
    changed = _each_document(case, lambda one: with_statements(one, dice.shuffled(statements_of(one))))
    return with_policies(changed, identity=dice.shuffled(changed["policies"].get("identity", [])))


def split(dice, case):
    """A policy for each statement, where several policies may be."""

    def parts(documents):
        return [with_statements(one, [statement]) for one in documents for statement in statements_of(one)]

    given, changed = case["policies"], {}
    for name in ("identity", "session"):
        if given.get(name) is not None:
            changed[name] = parts(given[name])
    for name in ("scp", "rcp"):
        if given.get(name) is not None:
            changed[name] = [parts(level) for level in given[name]]
    return with_policies(case, **changed)


def merged(dice, case):
    """One policy out of all that have the same version."""
    together: dict[str | None, list[Any]] = {}
    for document in case["policies"].get("identity", []):
        together.setdefault(document.get("Version"), []).extend(statements_of(document))
    documents = [
        {"Version": version, "Statement": statements} if version else {"Statement": statements}
        for version, statements in together.items()
    ]
    return with_policies(case, identity=documents)


def with_an_irrelevant_statement(dice, case):
    """A statement more about an action, a resource or a condition that this request does not have."""
    effect = dice.one_of(["Allow", "Deny"])
    elsewhere = dice.one_of(
        [
            {"Effect": effect, "Action": "elsewhere:Do", "Resource": "*"},
            {"Effect": effect, "Action": "*", "Resource": "arn:aws:elsewhere:::nothing"},
            {"Effect": effect, "Action": "*", "Resource": "*", "Condition": {"Null": {"a:absent": "false"}}},
        ]
    )
    documents = [
        with_statements(document, dice.shuffled([elsewhere, *statements_of(document)]))
        for document in case["policies"].get("identity", [])
    ]
    return with_policies(case, identity=documents)


def twice(dice, case):
    """Each policy attached a second time."""
    return with_policies(case, identity=case["policies"].get("identity", []) * 2)


def _folded(block, fold):
    """A Condition block in another case, unless two of its spellings would become one."""

    def renamed(names):
        found = {fold(name): value for name, value in names.items()}
        return found if len(found) == len(names) else names

    return renamed({operator: renamed(keys) for operator, keys in block.items()})


def respelt(dice, case):
    """Single values as lists and the other way round, actions and operators in another case, `*` doubled."""

    def listed(value):
        if isinstance(value, list):
            return value[0] if len(value) == 1 else value
        return [value]

    def change(statement):
        found = copy.deepcopy(statement)
        # A trust policy, which has no resources, spells its actions in one way only.
        is_trust = "Resource" not in found and "NotResource" not in found
        for name in ("Action", "NotAction"):
            if name in found and not is_trust:
                values = found[name] if isinstance(found[name], list) else [found[name]]
                # The grammar knows one way to say "all actions": `*`.
                found[name] = [one if one == "*" else one.swapcase().replace("*", "**") for one in values]
        for name in ("Resource", "NotResource"):
            if name in found:
                found[name] = listed(found[name])
        if "Condition" in found:
            found["Condition"] = {
                operator: {key: listed(values) for key, values in keys.items()}
                for operator, keys in _folded(found["Condition"], str.upper).items()
            }
        return found

    return _each_statement(case, change)


VARIANTS = (shuffled, split, merged, with_an_irrelevant_statement, twice, respelt)
