"""Every pattern of the nine models means in Python what it means in Java."""

from __future__ import annotations

import unicodedata

import pytest

from batchyard.wire.model import load
from batchyard.wire.patterns import UNTRANSLATED, compiled, translated

SERVICES = ("iam", "sts", "batch", "ecs", "ec2", "autoscaling", "eks", "logs", "cloudtrail")


def test_every_pattern_of_the_models_is_translated_or_listed() -> None:
    patterns = {
        shape["pattern"]
        for service in SERVICES
        for shape in load(service)._shapes.values()
        if "pattern" in shape
    }
    assert len(patterns) > 50
    listed = {pattern for pattern, _ in UNTRANSLATED}
    assert {pattern for pattern in patterns if compiled(pattern) is None} == listed


def test_unicode_categories_are_those_of_the_standard() -> None:
    matcher = compiled(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
    assert matcher is not None
    different = [
        code
        for code in range(0x110000)
        if (matcher.fullmatch(chr(code)) is not None)
        != (unicodedata.category(chr(code))[0] in "LZN" or chr(code) in "_.:/=+-@")
    ]
    assert different == []


XML_TEXT = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"[\w+=,.@-]*", "a-b@c", True),
        (r"[\w+=,.@-]*", "Session1:2", False),
        (r"[\w+=,.@-]*", "sé", False),
        (r"[\w+=,.@-]*", "name\n", False),
        (r"\d{12}", "١٢٣٤٥٦٧٨٩٠١٢", False),
        (r"\d{12}", "123456789012", True),
        (r"[\w-_]*", "a-_", True),
        (r"[\w-_]*", "a.b", False),
        (XML_TEXT, "smile \U0001f600\n", True),
        (XML_TEXT, "nul \x00", False),
        (".*", "one\rtwo", False),
        ("(?s).*", "one\ntwo", True),
        (r"[\S\s]*", "anything\n at all é", True),
    ],
)
def test_a_pattern_matches_whole_values_as_java_does(pattern: str, text: str, matches: bool) -> None:
    matcher = compiled(pattern)
    assert matcher is not None
    assert (matcher.fullmatch(text) is not None) is matches


@pytest.mark.parametrize("pattern", [r"[a-z&&[^b]]", r"[a[bc]]", r"\p{Lu}", r"[\p{L}]", r"[\W]", "[a", "\\"])
def test_what_has_no_translation_is_refused_rather_than_guessed(pattern: str) -> None:
    with pytest.raises(LookupError):
        translated(pattern)
    assert compiled(pattern) is None
