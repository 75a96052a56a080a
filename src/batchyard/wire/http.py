"""HTTP messages as plain values, between the socket and the protocols."""

from dataclasses import dataclass


@dataclass(slots=True)
class HttpRequest:
    """One request. `path` and `query` are raw (percent-encoded); header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    source_ip: str = "127.0.0.1"
    secure: bool = False
    version: str = "1.1"


@dataclass(slots=True)
class HttpResponse:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes
