"""The words that generated policies and requests are made of: few, so that things meet."""

from typing import Any

from policy import cases

ACTIONS = [
    "s3:GetObject",
    "s3:PutObject",
    "iam:PassRole",
    "batch:SubmitJob",
    "BATCH:submitjob",
]
ACTION_PATTERNS = [
    "s3:GetObject",
    "s3:PutObject",
    "iam:PassRole",
    "batch:SubmitJob",
    "*",
    "s3:*",
    "S3:get*",
    "s3:?etObject",
    "iam:P*R?le",
    "batch:Submit*b",
    "batch:*",
    "s3:*Object",
    "sts:*",
    "batch:??????Job",
    "s3:**",
]
TRUST_ACTIONS = ["sts:AssumeRole", "sts:AssumeRole", "sts:TagSession"]
TRUST_PATTERNS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
RESOURCES = [
    "*",
    "arn:aws:s3:::b/alice/x",
    "arn:aws:s3:::b/bob/a*",
    "arn:aws:s3:::blue/x:y/z",
    "arn:aws:iam::123456789012:role/ci/builder",
    "arn:aws:batch:eu-west-1:123456789012:job-queue/blue",
    "arn:aws:s3:::b/ALICE/X",
]
RESOURCE_PATTERNS = [
    *RESOURCES,
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::${aws:PrincipalTag/team, 'blue'}/*",
    "arn:aws:s3:::${AWS:principaltag/Team}/x?y/*",
    "arn:aws:s3:::${aws:RequestTag/team}/*",
    "arn:aws:s3:::${aws:RequestTag/team, 'blue'}/x:y/z",
    "arn:aws:s3:::b/bob/a${*}",
    "arn:aws:s3:::b/${aws:TagKeys, 'alice'}/x",
    "arn:aws:s3:::*x",
    "arn:aws:batch:*:*:job-queue/${aws:PrincipalTag/team}",
    "arn:aws:batch:*:1234?6789012:*",
    "arn:aws:iam::*:role/*",
    "arn:aws:s3:::*/*z",
    "arn:aws:s3:::b/${}/${aws:username",
    "arn:aws:s3:::b/b?b/?${?}*",
    "*",
]
STRINGS = [
    "alice",
    "Alice",
    "",
    "blue",
    "b*e",
    "${aws:username}",
    "${aws:PrincipalTag/team, 'blue'}",
    "${aws:RequestTag/team}",
    "${AWS:requesttag/TEAM, 'blue'}",
    "*",
    "a${*}",
    "STRASSE",
    "stra\u00dfe",
    "?lice",
]
ARNS = [
    "arn:aws:s3:::b/alice/x",
    "arn:aws:iam::123456789012:role/ci/builder",
    "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
    "arn:aws:someservice:*:111122223333:finance/*",
    "arn:*:iam::*:role/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:iam::${aws:PrincipalAccount}:role/*",
    "*",
    "arn:aws:s3:::",
    "arn:aws:i?m::123456789012:role/*/b?ilder",
]
NUMBERS = ["1e1", "0", "10", "10.0", "-3.5", "+10", "99999999999999999999", "0.1", ".1", 10, 0.1, "010"]
DATES = [
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "2026-01-01T01:00:00+01:00",
    "2025-12-31T23:59:59Z",
    "1767225600",
    "0",
    "2026-01-01T00:00:00.500Z",
    "2026",
    "2026-01",
    "2026-01-01T00:00Z",
    "2025-12-31T22:30-01:30",
    1767225600,
]
BOOLEANS = ["true", "false", "TRUE", True, False]
ADDRESSES = [
    "203.0.113.7",
    "203.0.113.0/24",
    "203.0.113.99/24",
    "2001:db8::1",
    "2001:DB8::/32",
    "0.0.0.0/0",
    "::/0",
    "203.0.113.7/32",
]
BINARIES = ["QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QQ==", ""]

FAMILIES: dict[tuple[str, ...], list[Any]] = {
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
FAMILY_OF = {name.lower(): pool for names, pool in FAMILIES.items() for name in names}


def _texts(pool, *more):
    return [value for value in pool if type(value) is str] + list(more)


REQUEST_VALUES = {
    "aws:username": ["alice", "Alice", "a*"],
    "aws:PrincipalTag/team": ["blue", "red", ""],
    "aws:RequestTag/Team": ["blue", "red", ""],
    "aws:PrincipalAccount": [cases.ACCOUNT, "999999999999"],
    "aws:PrincipalArn": ["arn:aws:iam::123456789012:role/ci/builder", "arn:aws:s3:::b/alice/x"],
    "aws:SourceArn": [*ARNS, "${aws:PrincipalArn}", "no arn"],
    "aws:TagKeys": ["alice", "blue", ""],
    "aws:CalledVia": ["batch.amazonaws.com", "cloudformation.amazonaws.com"],
    "aws:SecureTransport": _texts(BOOLEANS),
    "aws:MultiFactorAuthAge": _texts(NUMBERS, "old", "1e3"),
    "aws:CurrentTime": _texts(DATES, "yesterday"),
    "aws:SourceIp": [*ADDRESSES, "nowhere"],
    "my:Binary": [*BINARIES, "%"],
}
SEVERAL = ("aws:TagKeys", "aws:CalledVia", "aws:RequestTag/Team")
"""Keys that come with any number of values; those of a tag stand for tags whose keys differ in case."""
SIGNS = "ab*?/:"

AWS_NAMES = [
    "*",
    cases.ACCOUNT,
    f"arn:aws:iam::{cases.ACCOUNT}:root",
    "9999-9999-9999",
    cases.USER["arn"],
    cases.USER["id"],
    cases.SESSION["arn"],
    cases.SESSION["role_arn"],
    cases.SESSION["id"].split(":")[0],
    cases.FEDERATED_USER["arn"],
    cases.LINKED["role_arn"],
    cases.STRANGER["arn"],
]
SERVICES = ["batch.amazonaws.com", "ec2.amazonaws.com", "batch.amazonaws.com.cn"]
PROVIDERS = ["accounts.google.com", "graph.facebook.com"]
PERMISSIVE = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
