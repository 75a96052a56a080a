"""What `[engines.<name>]` in batchyard.toml may say: what every engine has, and its kind's own settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchyard.engines.powers import Powers
from batchyard.engines.registry import AUTO, DEFAULT, ENGINES

COMMON = {
    "kind": "The kind of engine; where it is not given, the table's name.",
    "accounts": "The accounts whose environments and clusters may name it; not given: all.",
    "endpoint": "The address under which its jobs reach this server; not given: where it listens, or `public_url` for"
    " jobs that run elsewhere.",
    "allow_privileged": "Whether containers may be `privileged`.",
    "host_paths": "Folders of the host that containers may mount, with all below them; `{account}` in one is the number"
    " of the job's account, so that each has a folder of its own.",
    "devices": "Devices of the host that containers may have.",
    "users": "Users that containers may name; not given: any.",
}
"""What every engine's table may say. What is said of the host counts in both modes; what is not said is open while
development credentials work, and closed where they do not."""
_POWERS = ("allow_privileged", "host_paths", "devices", "users")
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    tuple: "a list of texts",
    dict: "a table",
}
_OF_ANNOTATION = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "tuple[str, ...]": tuple,
    "Mapping[str, Any]": dict,
}


class Wrong(Exception):
    """A table says something that is not understood; the text is a sentence without the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTable:
    """One engine that the settings name."""

    name: str
    kind: str
    accounts: tuple[str, ...] | None = None
    """Those whose environments and clusters may name it; None: all."""
    endpoint: str | None = None
    """Where its jobs reach this server; None: as its reach has it."""
    powers: Mapping[str, Any] = field(default_factory=dict)
    """What was said about the host; the rest is as the server's mode has it."""
    own: Any = None
    """The kind's settings."""

    def powers_over(self, default: Powers) -> Powers:
        """What its containers may have of the host."""
        return Powers(**{name: getattr(default, name) for name in _POWERS} | dict(self.powers))


def read(tables: object) -> dict[str, EngineTable]:
    """The engines by name; raises Wrong."""
    if not isinstance(tables, Mapping):
        raise Wrong("`engines` takes tables: `[engines.<name>]`")
    return {name: _table(name, given) for name, given in tables.items()}


def _table(name: str, given: object) -> EngineTable:
    if not isinstance(given, Mapping):
        raise Wrong(f"`engines.{name}` takes a table: `[engines.{name}]`")
    values = dict(given)
    kind = values.pop("kind", name)
    if kind not in ENGINES:
        raise Wrong(f"`kind` in `[engines.{name}]` takes one of {', '.join(ENGINES)}, not `{kind}`")
    if name == AUTO or (name in ENGINES and name != kind):
        raise Wrong(f"`[engines.{name}]` cannot be of the kind `{kind}`: choose another name")
    if ENGINES[kind].open is None:
        raise Wrong(f"the engine `{name}` is of the kind `{kind}`, which is not built yet: use `{DEFAULT}`")
    accounts = values.pop("accounts", None)
    endpoint = values.pop("endpoint", None)
    powers = {one: values.pop(one) for one in _POWERS if one in values}
    return EngineTable(
        name=name,
        kind=kind,
        accounts=None if accounts is None else _value(name, "accounts", accounts, tuple),
        endpoint=None if endpoint is None else _value(name, "endpoint", endpoint, str).rstrip("/"),
        powers={
            one: _value(name, one, value, bool if one == "allow_privileged" else tuple)
            for one, value in powers.items()
        },
        own=_own(name, kind, values),
    )


def _own(name: str, kind: str, values: Mapping[str, Any]) -> Any:
    settings = ENGINES[kind].settings()
    types: dict[str, type] = {
        one.name: one.type if isinstance(one.type, type) else _OF_ANNOTATION[one.type]
        for one in dataclasses.fields(settings)
    }
    for key in values:
        if key not in types:
            known = ", ".join((*COMMON, *types))
            raise Wrong(f"unknown setting `{key}` in `[engines.{name}]`: it takes {known}")
    try:
        return settings(**{key: _value(name, key, value, types[key]) for key, value in values.items()})
    except ValueError as error:
        raise Wrong(f"`[engines.{name}]`: {error}") from None


def _value(name: str, key: str, value: object, wanted: type) -> Any:
    """A TOML value of the type, a list as a tuple of texts."""
    if wanted is tuple and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    is_number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
    if (isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool)) or is_number:
        return wanted(value)
    raise Wrong(f"`{key}` in `[engines.{name}]` takes {_KINDS[wanted]}, not `{value}`")
