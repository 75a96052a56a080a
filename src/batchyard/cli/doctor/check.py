"""One thing that was looked at, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed", "absent", "not built"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. `failed`: `batchyard serve` cannot start so; `warning`: it can, with less; `absent`: what
    the machine does not have, and no setting asks for; `not built`: what this version cannot use, whatever the machine
    has."""

    name: str
    status: Status
    detail: str
    advice: str = ""
