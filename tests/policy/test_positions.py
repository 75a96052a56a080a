"""Where statements stand: recorded spans, and forms that only a real reader of JSON gets right."""

from __future__ import annotations

import json

import pytest

from batchyard.policy.document import parse
from batchyard.policy.positions import statement_spans

ALLOW = '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}'


def _spans(text: str) -> list[tuple[int, int, int, int]]:
    return [(one.start.line, one.start.column, one.end.line, one.end.column) for one in statement_spans(text)]


def test_a_statement_without_a_list() -> None:
    """Recorded: aws-cli, examples/iam/simulate-custom-policy.rst (1:38 to 1:167)."""
    text = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
        '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
    )
    assert _spans(text) == [(1, 38, 1, 167)]


@pytest.mark.parametrize(
    ("indent", "span"),
    [(2, (3, 17, 8, 6)), (4, (3, 19, 8, 10)), ("\t", (3, 16, 8, 4))],
)
def test_a_list_on_several_lines(indent: int | str, span: tuple[int, int, int, int]) -> None:
    """Recorded: AdministratorAccess (3:17 to 8:6); simulate-principal-policy.rst begins at 3:19, ends in column 10;
    AmazonS3ReadOnlyAccess, which is indented by tabs, begins at 3:16 and ends in column 4."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    assert _spans(json.dumps(document, indent=indent)) == [span]


def test_each_statement_begins_where_the_one_before_ends() -> None:
    text = f'{{"Statement": [{ALLOW},\r\n {ALLOW}]}}'
    (first, second) = _spans(text)
    assert first == (1, 16, 1, 16 + len(ALLOW))
    assert second == (1, 16 + len(ALLOW), 2, 2 + len(ALLOW))


@pytest.mark.parametrize(
    "text",
    [
        f'{{"Id": "Statement", "Statement": [{ALLOW}], "Version": "2012-10-17"}}',
        f'{{"\\u0053tatement": {ALLOW}, "Id": "a \\" {{ [ b"}}',
        '{"Statement": [{"Sid": "Statement", "Effect": "Allow", "Action": ["s3:A", "s3:B"], "Resource": ["*"], '
        '"Condition": {"StringEquals": {"aws:username": ["}", "]", "{"]}}}]}',
    ],
)
def test_signs_within_strings_and_keys_elsewhere_do_not_count(text: str) -> None:
    assert len(_spans(text)) == len(parse(text, kind="identity").statements) == 1
    (span,) = _spans(text)
    assert text[span[3] - 2] == "}"
