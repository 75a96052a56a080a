"""Policies, principals, contexts and resources for Hypothesis: few names, so that things meet."""

from hypothesis import strategies as st

from policy import cases

ACTIONS = ["s3:GetObject", "s3:PutObject", "iam:PassRole", "batch:SubmitJob"]
ACTION_PATTERNS = [
    *ACTIONS,
    "*",
    "s3:*",
    "S3:get*",
    "s3:?etObject",
    "iam:P*R?le",
    "batch:Submit*b",
    "batch:*",
    "s3:*Object",
]
RESOURCES = [
    "*",
    "arn:aws:s3:::b/alice/x",
    "arn:aws:s3:::b/bob/a*",
    "arn:aws:s3:::blue/x:y/z",
    "arn:aws:iam::123456789012:role/ci/builder",
    "arn:aws:batch:eu-west-1:123456789012:job-queue/blue",
]
RESOURCE_PATTERNS = [
    *RESOURCES,
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::${aws:PrincipalTag/team, 'blue'}/*",
    "arn:aws:s3:::${AWS:principaltag/Team}/x?y/*",
    "arn:aws:s3:::b/bob/a${*}",
    "arn:aws:s3:::b/${aws:TagKeys, 'alice'}/x",
    "arn:aws:s3:::*x",
    "arn:aws:batch:*:*:job-queue/${aws:PrincipalTag/team}",
    "arn:aws:batch:*:1234?6789012:*",
    "arn:aws:iam::*:role/*",
    "arn:aws:s3:::*/*z",
]
STRINGS = [
    "alice",
    "Alice",
    "",
    "blue",
    "b*e",
    "${aws:username}",
    "${aws:PrincipalTag/team, 'blue'}",
    "*",
    "a${*}",
]
ARNS = [
    "arn:aws:s3:::b/alice/x",
    "arn:aws:iam::123456789012:role/ci/builder",
    "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
    "arn:aws:someservice:*:111122223333:finance/*",
    "arn:*:iam::*:role/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "${aws:PrincipalArn}",
    "no arn",
    "*",
]
NUMBERS = ["0", "10", "10.0", "-3.5", "+10", "99999999999999999999"]
DATES = [
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "2026-01-01T01:00:00+01:00",
    "2025-12-31T23:59:59Z",
    "1767225600",
    "0",
    "2026-01-01T00:00:00.500Z",
]
BOOLEANS = ["true", "false", "TRUE"]
ADDRESSES = ["203.0.113.7", "203.0.113.0/24", "203.0.113.99/24", "2001:db8::1", "2001:DB8::/32", "0.0.0.0/0"]
BINARIES = ["QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QQ==", ""]

FAMILIES = {
    ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"): STRINGS,
    ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"): STRINGS,
    (
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
    ): NUMBERS,
    (
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
    ): DATES,
    ("Bool",): [*BOOLEANS, "maybe", "${aws:SecureTransport}"],
    ("Null",): BOOLEANS,
    ("BinaryEquals",): BINARIES,
    ("IpAddress", "NotIpAddress"): ADDRESSES,
    ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"): ARNS,
}
REQUEST_VALUES = {
    "aws:username": ["alice", "Alice", "a*"],
    "aws:PrincipalTag/team": ["blue", "red", ""],
    "aws:PrincipalArn": ["arn:aws:iam::123456789012:role/ci/builder", "arn:aws:s3:::b/alice/x"],
    "aws:SourceArn": ARNS,
    "aws:TagKeys": ["alice", "blue", ""],
    "aws:SecureTransport": BOOLEANS,
    "aws:MultiFactorAuthAge": [*NUMBERS, "old"],
    "aws:CurrentTime": [*DATES, "yesterday"],
    "aws:SourceIp": [*ADDRESSES, "nowhere"],
    "my:Binary": [*BINARIES, "%"],
}
TEXT = st.text(alphabet="ab*?/:", max_size=8)


def maybe_list(values, **bounds):
    """One value, or a list of some."""
    return values | st.lists(values, **{"min_size": 1, "max_size": 3, **bounds})


@st.composite
def condition_lines(draw):
    """(operator, key, values): one line of a Condition block."""
    names = draw(st.sampled_from(list(FAMILIES)))
    operator = draw(st.sampled_from(names))
    value = st.sampled_from(FAMILIES[names])
    if operator.startswith("String"):
        value |= TEXT
    quantifier = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"]))
    suffix = draw(st.sampled_from(["", "", "IfExists"])) if operator != "Null" else ""
    written = quantifier + operator + suffix
    if draw(st.booleans()):
        written = written.lower()
    key = draw(st.sampled_from(list(REQUEST_VALUES)))
    return written, draw(st.sampled_from([key, key.upper()])), draw(maybe_list(value, min_size=0))


@st.composite
def conditions(draw):
    block = {}
    for operator, key, values in draw(st.lists(condition_lines(), max_size=2)):
        block.setdefault(operator, {})[key] = values
    return block


AWS_NAMES = [
    "*",
    cases.ACCOUNT,
    f"arn:aws:iam::{cases.ACCOUNT}:root",
    "999999999999",
    cases.USER["arn"],
    cases.USER["id"],
    cases.SESSION["arn"],
    cases.SESSION["role_arn"],
    cases.SESSION["id"].split(":")[0],
    cases.FEDERATED_USER["arn"],
    cases.LINKED["role_arn"],
]


@st.composite
def principal_elements(draw, trust=False):
    if not trust and draw(st.integers(0, 5)) == 0:
        return "*"
    element = {}
    if draw(st.integers(0, 3)):
        element["AWS"] = draw(maybe_list(st.sampled_from(AWS_NAMES), max_size=4))
    if not element or draw(st.integers(0, 3)) == 0:
        services = ["batch.amazonaws.com", "ec2.amazonaws.com", "batch.amazonaws.com.cn"]
        element["Service"] = draw(maybe_list(st.sampled_from(services)))
    if draw(st.integers(0, 3)) == 0:
        element["Federated"] = draw(
            maybe_list(st.sampled_from(["accounts.google.com", "graph.facebook.com"]))
        )
    return element


@st.composite
def statements(draw, *, with_principal=False, trust=False):
    statement = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    patterns = ["sts:AssumeRole", "sts:*", "sts:assume*"] if trust else ACTION_PATTERNS
    negated = st.sampled_from(["", "", "", "Not"])
    action_element = "Action" if trust else draw(negated) + "Action"
    statement[action_element] = draw(maybe_list(st.sampled_from(patterns)))
    if not trust:
        statement[draw(negated) + "Resource"] = draw(maybe_list(st.sampled_from(RESOURCE_PATTERNS)))
    if with_principal:
        statement[draw(negated) + "Principal"] = draw(principal_elements(trust=trust))
    block = draw(conditions())
    if block:
        statement["Condition"] = block
    return statement


@st.composite
def documents(draw, **which):
    found = draw(maybe_list(statements(**which), max_size=4))
    version = draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17", None]))
    return {"Version": version, "Statement": found} if version else {"Statement": found}


@st.composite
def contexts(draw):
    context = {}
    for key, pool in REQUEST_VALUES.items():
        if draw(st.booleans()):
            value = st.sampled_from(pool) | TEXT if key == "aws:username" else st.sampled_from(pool)
            several = key == "aws:TagKeys" or draw(st.integers(0, 9)) == 0
            context[key] = draw(st.lists(value, max_size=3)) if several else draw(value)
    return context


PERMISSIVE = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


@st.composite
def decision_cases(draw):
    """A request with all that may bear on it; as JSON."""
    trust = draw(st.integers(0, 3)) == 0
    plain = documents() | st.just(PERMISSIVE)
    given = {"identity": draw(st.lists(plain, max_size=2))}
    if draw(st.integers(0, 3)) == 0:
        given["boundary"] = draw(plain)
    if draw(st.integers(0, 3)) == 0:
        given["session"] = draw(st.lists(plain, max_size=2))
    if draw(st.integers(0, 4)) == 0:
        given["scp"] = draw(st.lists(st.lists(plain, max_size=2), max_size=2))
    if draw(st.integers(0, 9)) == 0:
        given["rcp"] = draw(st.lists(st.lists(documents(with_principal=True), max_size=2), max_size=1))
    if trust or draw(st.booleans()):
        given["resource"] = draw(documents(with_principal=True, trust=trust))
    request = {
        "action": "sts:AssumeRole" if trust else draw(st.sampled_from(ACTIONS)),
        "resource": draw(st.sampled_from(RESOURCES)),
        "context": draw(contexts()),
        "principal": draw(st.sampled_from(list(cases.PRINCIPALS.values()))),
        "resource_account": draw(st.sampled_from([cases.ACCOUNT, cases.ACCOUNT, "999999999999"])),
        "trust_required": trust,
    }
    return {"policies": given, "request": request}


@st.composite
def condition_cases(draw):
    """One statement that hangs on its conditions alone; the key has a value of the operator's own family."""
    block, context = {}, draw(contexts())
    for operator, key, values in draw(st.lists(condition_lines(), min_size=1, max_size=2)):
        block.setdefault(operator, {})[key] = values
        plain = operator.lower().split(":")[-1].removesuffix("ifexists")
        pool = next(pool for names, pool in FAMILIES.items() if plain in {name.lower() for name in names})
        one = st.sampled_from(pool) | st.sampled_from(REQUEST_VALUES.get(key, pool))
        choice = draw(st.integers(0, 4))
        if choice == 0:
            context.pop(key, None)
        elif choice > 1:
            context[key] = draw(one if choice < 4 else st.lists(one, max_size=3))
    version = draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]))
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block}
    request = {
        "action": "s3:GetObject",
        "resource": "*",
        "context": context,
        "principal": cases.USER,
        "resource_account": cases.ACCOUNT,
    }
    document = {"Version": version, "Statement": statement}
    return {"policies": {"identity": [document]}, "request": request}
