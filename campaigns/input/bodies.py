"""Bodies that no client sends, signed truly, so that they get as far as the parsers."""

from __future__ import annotations

from random import Random

from input.message import Request
from input.values import nasty_string

_JSON = (
    b"null", b"NaN", b"Infinity", b"1e999", b"-1e-999", b"9" * 6000, b"0" * 100, b'"\\ud800"', b'"\\udfff\\ud800"',
    b"\xff\xfe", b"\xef\xbb\xbf{}", b"\xc0\x80", b"\xed\xa0\x80", b"[" * 5000, b'{"a":' * 5000, b"[" * 127 + b"]" * 127,
    b"[" * 129 + b"]" * 129, b'{"a":' * 200 + b"1" + b"}" * 200, b"[],", b"{}", b"[]", b'""', b"{", b"}", b"[1,]",
    b"{'a': 1}", b'{"a": 1, "a": 2}', b'{"jobName": "\x00"}', b"/* */", b"true false", b"\x00" * 64, b"",
    b'{"' + b"k" * 70000 + b'": 1}', b'{"jobs": [' + b"null," * 5000 + b"null]}", b"<xml/>",
)  # fmt: skip
_FORM = (
    b"&" * 3000, b"=" * 3000, b"a.1.1.1" + b".1" * 200 + b"=1", b"Tags.member.99999999999999999999.Key=k",
    b"Tags.member.1.Key=%ff", b"Tags.member.1.Key=%ED%A0%80", b"Tags.member.1.Key=%00", b"%zz=1", b"%", b"a=%",
    b"Filter.1.Name=x&Filter.1=y&Filter=z", b"Action=x", b"Version=1", b"Action", b".=.", b"..=1", b"=", b"\xff=\xff",
    b"Tags.member.-1.Key=k", b"Tags.member.1e3.Key=k", b"Tags.member.\xb2.Key=k", b"MaxItems=1e9", b"MaxItems=" + b"9" * 5000,
    b"DurationSeconds=NaN", b"Tags.member.1=x&Tags.member.1.Key=y&Tags.member=z&Tags=w", b"PolicyDocument=" + b"[" * 9000,
    b"PolicyDocument=" + b"%5B" * 9000, b"RoleName[]=x", b"MinCount=0x1", b"TagSpecification.1.Tag.1=a", b"\r\n" * 40,
)  # fmt: skip


def mutated(random: Random, request: Request) -> str:
    """Change some bytes of a request's body; returns what was done."""
    body = bytearray(request.body)
    done = []
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        place = random.randrange(len(body) + 1)
        how = random.choice(("flip", "insert", "cut", "double", "truncate", "swap"))
        done.append(how)
        if how == "insert" or not body:
            body[place:place] = random.choice((bytes([random.randrange(256)]), *_PIECES))
        elif how == "flip":
            body[place % len(body)] ^= 1 << random.randrange(8)
        elif how == "cut":
            del body[place : place + random.randrange(1, 20)]
        elif how == "double":
            end = min(place + random.randrange(1, 60), len(body))
            body[place:place] = body[place:end] * random.choice((1, 2, 100))
        elif how == "truncate":
            del body[place:]
        else:
            other = random.randrange(len(body))
            body[place % len(body)], body[other] = body[other], body[place % len(body)]
    request.body = bytes(body)
    return "+".join(done)


_PIECES = (
    b"\x00",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"&",
    b"=",
    b"%",
    b".",
    b"\xff",
    b"-",
    b"e9",
    b"null",
)


def rubbish(random: Random, request: Request) -> str:
    """Replace a request's body by rubbish of its protocol's kind, or of another's."""
    is_form = any(value.startswith("application/x-www") for _, value in request.headers)
    if is_form == (random.random() < 0.9):
        pieces = random.choices(_FORM, k=random.choice((1, 1, 2, 4)))
        request.body = (request.body + b"&" if is_form else b"") + b"&".join(pieces)
    else:
        request.body = b"".join(random.choices(_JSON, k=random.choice((1, 1, 1, 2, 3))))
    if random.random() < 0.1:
        request.body += nasty_string(random).encode("utf-8", "surrogatepass")
    return repr(request.body[-24:])


def large(random: Random, request: Request) -> str:
    """Make a body large: mostly some hundred KiB, seldom about the largest that is taken."""
    mib = 1024 * 1024
    size = random.choice(
        (300 * 1024,) * 12 + (mib,) * 6 + (4 * mib, 16 * mib - 64, 16 * mib, 16 * mib + 1, 17 * mib)
    )
    pieces = (
        b"[],",
        b'{"a":1},',
        b"null,",
        b'"x",',
        b"1,",
        b"a=b&",
        b"&",
        b"a.1=b&",
        b"\x00",
        b"x",
        b"[",
        b'{"a":',
    )
    piece = random.choice(pieces)
    start = random.choice((b"", b'{"jobs":[', request.body[:-1] + b",", request.body + b"&"))
    request.body = (start + piece * (size // len(piece) + 1))[:size]
    return f"{size} bytes of {piece!r}"
