"""A second evaluator of the policy language, naive on purpose: what the documents say, sentence by sentence.

It imports nothing of batchyard and works on plain JSON. `decide(case)` takes {"request": …, "policies": …} as the
files of tests/corpus/policy have them and returns (outcome, reason). Page names in comments are pages of the IAM
user guide.
"""

import base64
import ipaddress
import re
from datetime import date
from fractions import Fraction
from typing import Any

FAILS = object()


def decide(case):
    request, policies = case["request"], case["policies"]
    principal = request["principal"]
    if request["action"].lower() == "sts:getcalleridentity":
        return "allowed", "no permission needed"
    kind = principal["kind"]
    trust = request.get("trust_required", False)
    resource_type = "role trust policy" if trust else "resource-based policy"
    # evaluation-logic; SCPs and boundaries don't limit service-linked roles (iam-evaluation.md 1).
    linked = ":role/aws-service-role/" in (principal.get("role_arn") or "")
    belongs = kind in ("root", "user", "role-session", "federated-user")
    scp = policies.get("scp") if belongs and not linked else None
    rcp = policies.get("rcp") if not linked else None
    boundary = policies.get("boundary") if belongs and not linked else None
    session = policies.get("session") if belongs else None
    identity = policies.get("identity") or [] if belongs else []
    resource = policies.get("resource")

    # "If the code finds even one explicit deny that applies, the code returns a final decision of Deny."
    for name, documents in [
        ("service control policy", [d for level in scp or [] for d in level]),
        ("resource control policy", [d for level in rcp or [] for d in level]),
        (resource_type, [resource] if resource else []),
        ("identity-based policy", identity),
        ("permissions boundary", [boundary] if boundary else []),
        ("session policy", session or []),
    ]:
        if any(grades(document, "Deny", request) for document in documents):
            return "explicitDeny", name

    def allows(documents):
        return any(grades(document, "Allow", request) for document in documents)

    for name, levels in (("service control policy", scp), ("resource control policy", rcp)):
        if not all(allows(level) for level in levels or []):
            return "implicitDeny", name
    granted = grades(resource, "Allow", request) if resource else set()
    same_account = principal["account"] == request["resource_account"]
    if not belongs:
        return ("allowed" if granted else "implicitDeny"), resource_type
    # "IAM role trust policies … must explicitly allow."
    if trust and not granted:
        return "implicitDeny", resource_type
    if same_account and "direct" in granted:
        return "allowed", resource_type
    stands_in = same_account and "role" in granted
    reason = "identity-based policy"
    if kind == "root":
        reason = "account root user"
    elif not allows(identity):
        if not stands_in:
            return "implicitDeny", reason
        reason = resource_type
    if boundary and not allows([boundary]):
        return "implicitDeny", "permissions boundary"
    if session is None and kind == "federated-user":
        session = []
    if session is not None and not allows(session):
        return "implicitDeny", "session policy"
    if not same_account and not granted:
        return "implicitDeny", resource_type
    return "allowed", reason


def grades(document, effect, request):
    """How the statements of this effect that apply name the caller; empty where none applies."""
    statements = document["Statement"]
    statements = [statements] if isinstance(statements, dict) else statements
    new = document.get("Version") == "2012-10-17"
    found = {grade(statement, new, request) for statement in statements if statement["Effect"] == effect}
    return found - {None}


def grade(statement, new, request):
    if not element(statement, "Action", lambda p: glob(plain(p.lower()), request["action"].lower())):
        return None
    context = folded(request["context"])
    denies = statement["Effect"] == "Deny"
    if "Resource" in statement or "NotResource" in statement:
        named = listed(statement.get("Resource", statement.get("NotResource")))
        if not applies_to(named, "Resource" in statement, request["resource"], new, context, denies):
            return None
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            if not holds_for_each(operator, key.lower(), listed(values), new, context, denies):
                return None
    if "Principal" in statement or "NotPrincipal" in statement:
        # Only a trust policy says nothing of resources: it is about the role that it belongs to.
        trust = "Resource" not in statement and "NotResource" not in statement
        return named_by(statement, request["principal"], trust)
    return "direct"


def applies_to(named, positive, resource, new, context, denies):
    if new and any(in_doubt(text, context) for text in named):
        return denies
    patterns = [filled(text, context) if new else plain(text) for text in named]
    # variables: a variable that can't be resolved makes the statement invalid.
    if FAILS in patterns:
        return False
    return any(glob(pattern, resource) for pattern in patterns) == positive


def folded(given):
    """Names of context keys are compared without case; of keys that differ in case alone all values are there."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        name = key.lower()
        if name in found:
            every = [*listed(found[name]), *listed(value)]
            value = every[0] if len(set(every)) == 1 else list(dict.fromkeys(every))
        found[name] = value
    return found


def listed(value):
    return value if isinstance(value, list) else [value]


def element(statement, name, test):
    if name in statement:
        return any(test(value) for value in listed(statement[name]))
    return not any(test(value) for value in listed(statement["Not" + name]))


# ------------------------------------------------------------------------------------------------ patterns


def plain(text):
    return [(c, c in "*?") for c in text]


def filled(text, context):
    """The characters of a pattern, each with whether it is a wildcard; FAILS when a variable has no value."""
    pieces = re.split(r"(\$\{[^{}]*\})", text)
    found = []
    for piece in pieces:
        inner = re.fullmatch(r"\$\{([^{}$,'*?]+)(?:,\s*'([^']*)'\s*)?\}", piece)
        if piece in ("${*}", "${?}", "${$}"):
            found.append((piece[2], False))
        elif inner:
            value = context.get(inner[1].strip().lower())
            value = value if isinstance(value, str) else inner[2]
            if value is None:
                return FAILS
            found.extend((c, False) for c in value)
        else:
            found.extend(plain(piece))
    return found


def glob(pattern, text):
    """Whether the whole text matches: the set of pattern positions reachable after each character."""

    def closure(positions):
        reached = set()
        for position in positions:
            reached.add(position)
            while position < len(pattern) and pattern[position] == ("*", True):
                position += 1
                reached.add(position)
        return reached

    positions = closure({0})
    for character in text:
        following = set()
        for position in positions:
            if position == len(pattern):
                continue
            sign, wild = pattern[position]
            if wild and sign == "*":
                following.add(position)
            elif wild or sign == character:
                following.add(position + 1)
        positions = closure(following)
    return len(pattern) in positions


# ---------------------------------------------------------------------------------------------- conditions


TAG = re.compile(r"[^/]*tag/.+", re.DOTALL)
VARIABLE = re.compile(r"\$\{([^{}$,'*?]+)(?:,\s*'[^']*'\s*)?\}")


def in_doubt(text, context):
    """Whether a variable of the text is a tag that has several values."""
    keys = [key.strip().lower() for key in VARIABLE.findall(text)]
    return any(TAG.fullmatch(key) and len(set(listed(context.get(key)))) > 1 for key in keys)


def holds_for_each(written, key, values, new, context, denies):
    """elements_condition: of tags whose keys differ in case alone one counts, nobody knows which.

    What allows must allow with each, what denies denies with any.
    """
    given = context.get(key)
    operator = written.lower().rpartition(":")[2]
    filling = new and operator.startswith(("string", "arn", "bool"))
    doubted = filling and any(in_doubt(str(value), context) for value in values)

    def holds_one(one):
        empty = ":" in written and one in ("", [""])
        if one not in (None, []) and doubted and not empty:
            return denies
        return holds(written, one, values, new, context)

    if not TAG.fullmatch(key) or not isinstance(given, list) or not given or operator == "null":
        return holds_one(given)
    results = [holds_one(one) for one in given]
    return any(results) if denies else all(results)


def holds(written, given, values, new, context):
    operator = written.lower()
    quantifier = None
    for prefix in ("forallvalues:", "foranyvalue:"):
        if operator.startswith(prefix):
            quantifier, operator = prefix, operator.removeprefix(prefix)
    values = [{True: "true", False: "false"}.get(v, str(v)) if not isinstance(v, str) else v for v in values]
    if operator == "null":
        absent = given is None or given == []
        return any(value.lower() == str(absent).lower() for value in values)
    if_exists = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    positive, negated = (operator.replace("not", "", 1), True) if operator in NEGATED else (operator, False)
    if given is None or given == []:
        # condition_operators: absent is false, for negated operators true, with IfExists true.
        return if_exists or {None: negated, "forallvalues:": True, "foranyvalue:": False}[quantifier]
    if quantifier and given in ("", [""]):
        # multi-value-conditions: an empty string is an empty data set.
        return quantifier == "forallvalues:"
    if new and positive.startswith(("string", "arn", "bool")):
        patterns = [filled(value, context) for value in values]
        if FAILS in patterns:
            return False
    else:
        patterns = [plain(value) for value in values]
    results = [any(compare(positive, one, p) for p in patterns) for one in listed(given)]
    if quantifier is None:
        return any(results) != negated
    results = [result != negated for result in results]
    return all(results) if quantifier == "forallvalues:" else any(results)


NEGATED = {
    "stringnotequals",
    "stringnotequalsignorecase",
    "stringnotlike",
    "numericnotequals",
    "datenotequals",
    "notipaddress",
    "arnnotequals",
    "arnnotlike",
}


def compare(operator, given, pattern):
    text = "".join(sign for sign, _ in pattern)
    if operator == "stringequals":
        return given == text
    if operator == "stringequalsignorecase":
        return given.lower() == text.lower()
    if operator == "stringlike":
        return glob(pattern, given)
    if operator in ("arnequals", "arnlike"):
        return arn_like(pattern, given)
    if operator == "bool":
        return given.lower() == text.lower() and text.lower() in ("true", "false")
    if operator == "binaryequals":
        return binary(given) is not None and binary(given) == binary(text)
    if operator == "ipaddress":
        return within(given, text)
    for prefix, convert in (("numeric", number), ("date", instant)):
        if operator.startswith(prefix):
            left, right = convert(given), convert(text)
            return (
                left is not None
                and right is not None
                and {
                    "equals": left == right,
                    "lessthan": left < right,
                    "lessthanequals": left <= right,
                    "greaterthan": left > right,
                    "greaterthanequals": left >= right,
                }[operator.removeprefix(prefix)]
            )
    raise KeyError(operator)


def arn_like(pattern, given):
    """condition_operators: each of the six components is checked separately."""
    segments: list[list[tuple[str, bool]]] = [[]]
    for sign, wild in pattern:
        if sign == ":" and len(segments) < 6:
            segments.append([])
        else:
            segments[-1].append((sign, wild))
    parts = given.split(":", 5)
    return len(parts) == len(segments) == 6 and all(map(glob, segments, parts))


def number(text):
    found = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII)
    return Fraction(text) if found else None


W3C = r"(\d{4})-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(?:Z|([+-]\d\d):(\d\d)))?)?"


def instant(text):
    """condition_operators: W3C's date formats, or seconds since 1970 (also where the digits could be a year)."""
    if re.fullmatch(r"\d+", text, re.ASCII):
        # Seconds beyond 64 bits are no date (recorded, see documents.json).
        return Fraction(text) if int(text) < 2**63 else None
    found = re.fullmatch(W3C, text, re.ASCII)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone_hours, zone_minutes = found.groups()
    day_number = date(int(year), int(month), int(day or 1)).toordinal() - date(1970, 1, 1).toordinal()
    offset = int(f"{zone_hours or '+0'}") * 60 + int(f"{(zone_hours or '+')[0]}{zone_minutes or 0}")
    minutes = (day_number * 24 + int(hour or 0)) * 60 + int(minute or 0) - offset
    return minutes * 60 + Fraction(second or 0)


def binary(text):
    if len(text) % 4:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def within(given, wanted):
    try:
        inner, outer = ipaddress.ip_network(given, strict=False), ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


# ---------------------------------------------------------------------------------------------- principals


def named_by(statement, principal, trust):
    """How Principal or NotPrincipal names the caller (elements_principal, elements_notprincipal)."""
    denies = statement["Effect"] == "Deny"
    block = statement.get("Principal", statement.get("NotPrincipal"))
    block = {"AWS": "*"} if block == "*" else block
    aws = listed(block.get("AWS", []))
    services = [name.removesuffix(".cn") for name in listed(block.get("Service", []))]
    kind = principal["kind"]

    def account():
        # "The account ARN and the shortened account ID behave the same way."
        own = principal["account"]
        dashed = f"{own[:4]}-{own[4:8]}-{own[8:]}"
        return (
            own in aws
            or dashed in aws
            or any(re.fullmatch(rf"arn:[^:]+:iam::{own}:root", name) for name in aws)
        )

    arn, unique_id = principal.get("arn"), principal.get("id", "")
    session = kind != "root" and (arn in aws or unique_id in aws)
    role_arn = principal.get("role_arn")
    role_id = unique_id.split(":")[0] if kind == "role-session" else None
    role = bool(role_arn) and (role_arn in aws or role_id in aws)
    service = (principal.get("service") or "").removesuffix(".cn") in services
    provider = principal.get("provider") in listed(block.get("Federated", []))
    if "NotPrincipal" in statement:
        if "*" in aws:
            return None
        identities = {
            "anonymous": [],
            "service": [service],
            "federated": [provider],
            "root": [account()],
            "user": [account(), session],
        }.get(kind, [account(), session, role] if role_arn else [account(), session])
        # With Deny each of account, role and session must be listed to be spared.
        spared = bool(identities) and (all(identities) if denies else any(identities))
        return None if spared else "direct"
    # principal: `*` is everyone, the unsigned and AWS's services included; a role must trust a service by name.
    if "*" in aws and (denies or kind != "service" or not trust):
        return "direct"
    if kind in ("service", "federated"):
        return "direct" if (service if kind == "service" else provider) else None
    if kind == "anonymous":
        return None
    return "direct" if session else "role" if role else "account" if account() else None
