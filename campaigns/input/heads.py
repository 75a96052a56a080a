"""Requests whose head is absurd: methods, paths, headers, types and signatures."""

from __future__ import annotations

from random import Random
from urllib.parse import quote

from input.message import Credentials, Request, presigned_query
from input.values import nasty_string

_METHODS = (
    "GET",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PRI",
    "post",
    "POSTS",
    "\x01",
    "M-SEARCH",
    "",
)
_PATHS = (
    "/v1", "/v1/", "/v1/nothing", "/v1/submitjob/", "//v1/submitjob", "/v1/%73ubmitjob", "/v1/../v1/describejobs", "/./",
    "/%00", "/%ff", "/%", "/%zz", "/v1/tags/", "/v1/tags/%00", "/v1/tags/arn%3Aaws%3Abatch", "/clusters/", "/clusters//",
    "/clusters/%ff", "/clusters/x/y", "*", "", "http://example.com/", "/" + "a/" * 2000, "/" + "%2F" * 500, "/é", "/\udcff",
    "/_batchyard/", "/_batchyard/health?details=%ff", "/_batchyard/clock", "/_batchyard/health/..", "/?", "/#x", "/ x",
    "/_batchyard/resett", "/v1/DescribeJobs", "\\v1\\describejobs", "/;/", "/v1/tags/" + "x" * 3000,
)  # fmt: skip
_TYPES = ("", "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/json; charset=utf-16", ";", "\udcff",
          "application/cbor", "application/x-amz-json-9.9", "application/x-www-form-urlencoded", "a/b" * 900)  # fmt: skip
_TARGETS = ("", ".", "Logs_20140328", "Logs_20140328.", ".ListTasks", "Nothing.ListTasks", "Logs_20140328.ListTasks", "\udcff.x",
            "AmazonEC2ContainerServiceV20141113.listTasks", "x" * 5000, "AmazonEC2ContainerServiceV20141113.RunTask.RunTask",
            "CloudTrail_20131101.LookupEvents", "Logs_20140328.__init__", "AmazonEC2ContainerServiceV20141113.\u0130")  # fmt: skip
_DATES = ("", "now", "20260101", "99999999T999999Z", "20261301T000000Z", "00000101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT",
          "Thu, 99 Foo 2026 00:00:00 GMT", "2026-01-01T00:00:00Z", "\udcff", "1" * 900, "Mon, 01 Jan 0001 00:00:00 +9999")  # fmt: skip
_AUTHORIZATIONS = (
    "", "Bearer x", "Basic dGVzdDp0ZXN0", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 x", "AWS AKIA:x",
    "AWS4-ECDSA-P256-SHA256 Credential=x", "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
    "AWS4-HMAC-SHA256 Credential=a/b/c/d/e,SignedHeaders=host,Signature=x", "AWS4-HMAC-SHA256 Credential=" + "/" * 5000,
    "AWS4-HMAC-SHA256 " + "a=b," * 2000, "AWS4-HMAC-SHA256 Credential=\udcff/20260101/us-east-1/batch/aws4_request",
    "aws4-hmac-sha256 Credential=x", "AWS4-HMAC-SHA256 Credential=x Credential=y", "\udcff\udcfe", "x" * 8000,
)  # fmt: skip


def absurd_head(random: Random, request: Request, credentials: Credentials) -> str:
    """Spoil a request's head, before or after it is signed; returns what was done."""
    how = random.choice(("method", "path", "query", "type", "target", "double", "host", "headers", "none"))
    if random.random() < 0.5:
        _spoil(random, request, how)
        request.sign(credentials)
    else:
        request.sign(credentials)
        _spoil(random, request, how)
    return how


def _spoil(random: Random, request: Request, how: str) -> None:
    headers = request.headers
    if how == "method":
        request.method = random.choice(_METHODS)
    elif how == "path":
        request.path = random.choice(_PATHS)
    elif how == "query":
        text = nasty_string(random).encode("utf-8", "surrogatepass")
        odd = (
            quote(text),
            "%ff=%ff",
            "&&&",
            "=&=",
            "a" * 9000,
            "Action=ListRoles&Version=2010-05-08",
            "x=%zz",
            "%",
        )
        request.query = random.choice(odd)
    elif how in ("type", "target"):
        name = "content-type" if how == "type" else "x-amz-target"
        _set(headers, name, random.choice(_TYPES if how == "type" else _TARGETS))
    elif how == "double":
        headers.extend(random.choices(headers, k=random.choice((1, 1, 3, 50))))
    elif how == "host":
        _set(headers, "host", random.choice(("", "x", "a:b:c", "\udcff", "127.0.0.1:0", "[::1", "a" * 9000)))
    elif how == "headers":
        extra = (("x", "y" * 9000), ("", "x"), (":", "x"), ("a b", "c"), ("x-\udcff", "1"), ("x", "\x00"), ("expect", "x"),
               ("expect", "100-continue"), ("connection", "upgrade"), ("upgrade", "h2c"), ("x", "a\r\n b"), ("te", "trailers"),
               ("content-encoding", "gzip"), ("x-amz-content-sha256", "x"), ("x-forwarded-for", "::"), ("range", "bytes=0-"),
               ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), ("user-agent", "\udcff" * 500))  # fmt: skip
        headers.extend(random.choices(extra, k=random.choice((1, 1, 2, 40))))
    else:
        headers.clear()


def _set(headers: list[tuple[str, str]], name: str, value: str) -> None:
    headers[:] = [one for one in headers if one[0] != name] + [(name, value)]


def absurd_signature(random: Random, request: Request, credentials: Credentials) -> str:
    """Sign a request wrongly: in a header or in the query; returns how."""
    if random.random() < 0.3:
        return _presigned(random, request, credentials)
    how = random.choice(
        ("unsigned", "rubbish", "date", "key", "secret", "region", "token", "flip", "old", "scope", "twice")
    )
    if how in ("unsigned", "rubbish"):
        if how == "rubbish":
            request.headers.append(("authorization", random.choice(_AUTHORIZATIONS)))
            request.headers.append(("x-amz-date", random.choice(_DATES)))
        return how
    odd = (
        nasty_string(random)
        .replace("\r", "")
        .replace("\n", "")
        .encode("utf-8", "surrogatepass")
        .decode("latin-1")
    )
    if how == "key":
        credentials = Credentials(
            random.choice((odd, "AKIA" + "A" * 16, "0" * 12, "x" * 3000)), credentials.secret
        )
    elif how == "secret":
        credentials = Credentials(credentials.key, "wrong", credentials.token)
    elif how == "token":
        token = (credentials.token or "x" * 400)[: random.randrange(400)] + random.choice(("", "A", odd))
        credentials = Credentials(credentials.key, credentials.secret, token or "x")
    elif how == "region":
        request.region = random.choice(("", "nowhere", "cn-north-1", "us-gov-west-1", odd, "us-east-1" * 500))
    elif how == "scope":
        request.service = random.choice(("s3", "", "iam", "batch", "monitoring", odd, "BATCH"))
    request.sign(credentials, at=random.choice((0, 4e9, 1)) if how == "old" else None)
    name, value = request.headers[-1]
    if how == "flip":
        place = random.randrange(len(value))
        request.headers[-1] = (name, value[:place] + random.choice("/,= x\udcff") + value[place + 1 :])
    elif how == "date":
        _set(request.headers, "x-amz-date", random.choice(_DATES))
    elif how == "twice":
        request.headers.append((name, value))
    return how


def _presigned(random: Random, request: Request, credentials: Credentials) -> str:
    parameters = presigned_query(credentials, request.service, request.region)
    changed = random.choice(list(parameters))
    odd = quote(nasty_string(random).encode("utf-8", "surrogatepass"))
    parameters[changed] = random.choice(
        (odd, "", "-1", "604801", "9" * 5000, "host;x", ";" * 3000, "a/b/c/d/e", "%ff", "%zz")
    )
    if random.random() < 0.3:
        del parameters[random.choice(list(parameters))]
    request.query = "&".join(f"{name}={value}" for name, value in parameters.items())
    if random.random() < 0.5:
        request.method, request.body = "GET", b""
    return f"presigned {changed}"
