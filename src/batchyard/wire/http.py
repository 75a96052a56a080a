"""HTTP messages as the wire reads and writes them."""

from dataclasses import dataclass


@dataclass(slots=True)
class HttpRequest:
    """One HTTP request. Header names are lower-cased, values are latin-1 text of the bytes received.

    `path` and `query` are as they came, percent-encoded.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    source_ip: str = "127.0.0.1"
    secure: bool = False
