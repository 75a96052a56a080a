"""botocore's own protocol cases, read from its source distribution; absent is a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore

from batchyard.wire.http import HttpRequest
from batchyard.wire.model import Model

ROOT = Path(__file__).parents[2] / ".cache" / f"botocore-{botocore.__version__}" / "tests/unit/protocols"
OURS = ("query", "ec2", "json", "json_1_0", "json_1_0-query-compatible", "rest-json")


@dataclass(frozen=True)
class Case:
    """One recorded request or answer."""

    name: str
    protocol: str
    description: dict[str, Any]
    case: dict[str, Any]

    @property
    def given(self) -> dict[str, Any]:
        found: dict[str, Any] = self.case["given"]
        return found

    def operation(self) -> dict[str, Any]:
        """The operation; query's results stand in a wrapper, which the services' models name."""
        given = dict(self.given)
        if self.protocol == "query" and given.get("output"):
            given["output"] = {"resultWrapper": f"{given['name']}Result", **given["output"]}
        return given

    def model(self) -> Model:
        operation = self.operation()
        metadata = {"xmlNamespace": "https://example.com/", **self.description["metadata"]}
        return Model.from_description(
            {
                "metadata": metadata,
                "operations": {operation["name"]: operation},
                "shapes": self.description.get("shapes", {}),
            }
        )


def cases(kind: str) -> Iterator[Case]:
    """Every case of `input` or `output` for our four protocols, the legacy ones included."""
    assert ROOT.is_dir(), f"{ROOT} is absent: run `make test`, which fetches it"
    for folder in (ROOT / kind, ROOT / "legacy" / kind):
        for path in sorted(folder.glob("*.json")):
            if path.stem not in OURS:
                continue
            for number, description in enumerate(json.loads(path.read_text())):
                for index, case in enumerate(description["cases"]):
                    origin = "legacy-" if folder.parent.name == "legacy" else ""
                    name = f"{origin}{path.stem}-{case.get('id', f'{number}-{index}')}"
                    yield Case(name, path.stem, description, case)


def request_of(case: Case) -> HttpRequest:
    """The recorded request as the server sees it."""
    recorded = case.case["serialized"]
    path, _, query = recorded.get("uri", "/").partition("?")
    body = recorded.get("body", "")
    if isinstance(body, dict):
        body = json.dumps(body)
    headers = {name.lower(): str(value) for name, value in recorded.get("headers", {}).items()}
    method = recorded.get("method") or case.given.get("http", {}).get("method", "POST")
    return HttpRequest(method, path, query, headers, (body or "").encode())
