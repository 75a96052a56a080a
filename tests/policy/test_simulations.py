"""The corpus's third door: SimulateCustomPolicy over the wire says what the case says.

It takes a user's policies, a boundary and a resource's policy; what else bears on a case, it cannot be asked.
"""

import itertools
import json
from collections.abc import Callable

import pytest

from batchyard.policy.condition_keys import find_condition_key
from batchyard.policy.conditions.boolean import to_boolean
from batchyard.policy.conditions.date import to_instant
from batchyard.policy.conditions.ip import to_range
from batchyard.policy.conditions.numeric import to_number
from conftest import client
from policy.test_corpus import load_cases

READ: dict[str, Callable[[str], object]] = {
    "Bool": to_boolean,
    "Date": to_instant,
    "Numeric": to_number,
    "IPAddress": to_range,
}
SHORTEST_KEY = 5
"""What the operation's model takes."""
TYPES = {
    "String": "string",
    "ARN": "string",
    "Bool": "boolean",
    "Date": "date",
    "Numeric": "numeric",
    "IPAddress": "ip",
}


def _is_simulable(case):
    request, policies = case["request"], case["policies"]
    beyond = ("session", "scp", "rcp")
    return (
        request["principal"]["kind"] == "user"
        and bool(policies.get("identity"))
        and not any(policies.get(name) is not None for name in beyond)
        and not request.get("trust_required")
        and all(len(key) >= SHORTEST_KEY for key in request["context"])
        # It needs no permission, so that there is nothing to simulate.
        and request["action"] != "sts:GetCallerIdentity"
    )


def _entry(key, value):
    """One ContextEntry of the type that the key has; as text where its value is none of that type."""
    known = find_condition_key(key)
    several = isinstance(value, list)
    values = value if several else [value]
    type_ = "string"
    if known is not None and all(READ.get(known.type, str)(one) is not None for one in values):
        type_ = TYPES[known.type]
    return {
        "ContextKeyName": key,
        "ContextKeyValues": values,
        "ContextKeyType": f"{type_}List" if several else type_,
    }


def _asked(case):
    request, policies = case["request"], case["policies"]
    given = {
        "PolicyInputList": [json.dumps(document) for document in policies["identity"]],
        "ActionNames": [request["action"]],
        "ResourceArns": [request["resource"]],
        "ContextEntries": [_entry(key, value) for key, value in request["context"].items()],
        "CallerArn": request["principal"]["arn"],
        "ResourceOwner": f"arn:aws:iam::{request['resource_account']}:root",
    }
    if policies.get("boundary"):
        given["PermissionsBoundaryPolicyInputList"] = [json.dumps(policies["boundary"])]
    if policies.get("resource"):
        given["ResourcePolicy"] = json.dumps(policies["resource"])
    return given


def _files():
    cases = [param for param in load_cases() if _is_simulable(param.values[0])]
    by_file = itertools.groupby(cases, key=lambda param: param.id.partition(":")[0])
    return [pytest.param([param.values[0] for param in group], id=name) for name, group in by_file]


@pytest.mark.parametrize("cases", _files())
def test_simulations(cases, endpoint):
    # The policies come with the question, so all can be asked as the account that the corpus writes.
    iam = client(endpoint, "iam", access_key="123456789012")
    wrong = []
    for case in cases:
        answer = iam.simulate_custom_policy(**_asked(case))
        (result,) = answer["EvaluationResults"]
        if result["EvalDecision"] != case["expect"]["outcome"]:
            wrong.append((case["name"], result["EvalDecision"], case["expect"]["outcome"]))
    assert wrong == []
