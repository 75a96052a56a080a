"""Where a setting's value comes from: option over variable over file over default. Whatever is not known is refused."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from batchyard.cli.refusal import Refusal, did_you_mean
from batchyard.config import SETTINGS, Item, Setting, Settings
from batchyard.engines import file_systems, tables
from batchyard.engines.process.processes import MARK

FILE = "batchyard.toml"
FILE_VARIABLE = "BATCHYARD_CONFIG"
_VARIABLES = {setting.variable: setting for setting in SETTINGS.values()}
_NOT_SETTINGS = {FILE_VARIABLE, MARK}
"""Variables of Batchyard's that are no settings: the file's place, and the mark on a job's processes."""
_WORDS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}
_KINDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number", Path: "a path"}


def resolve(options: Mapping[str, Any], *, config: str | None = None) -> Settings:
    """The settings of a command. `options` are those given (text, or a bool), by field; `config` is --config.

    Raises Refusal, by name, for what is unknown or of the wrong type, in the file and among the variables, too.
    """
    values = _from_file(config)
    values |= _from_variables(os.environ)
    for name, given in options.items():
        values[name] = _converted(SETTINGS[name], given, f"`{SETTINGS[name].option}`")
    return Settings(**values)


def config_file(named: str | None) -> Path | None:
    """The file that is read: the file that --config or the variable names, else batchyard.toml of the working
    directory, if it has such a file."""
    named = named or os.environ.get(FILE_VARIABLE)
    if named:
        return Path(named)
    return Path(FILE) if Path(FILE).exists() else None


def _from_variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """What BATCHYARD_… variables say; an empty variable says nothing."""
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith("BATCHYARD_") or variable in _NOT_SETTINGS:
            continue
        setting = _VARIABLES.get(variable)
        if setting is None:
            advice = did_you_mean(variable, _VARIABLES, "docs/settings.md lists the variables")
            raise Refusal(f"unknown setting: the variable `{variable}`", advice=advice)
        if text:
            values[setting.name] = _converted(setting, text, f"the variable `{variable}`")
    return values


def _from_file(named: str | None) -> dict[str, Any]:
    path = config_file(named)
    if path is None:
        return {}
    values: dict[str, Any] = {}
    for key, given in _read(path).items():
        if key == "engines":
            values[key] = _engines(given, path)
            continue
        if key == "file_systems":
            values[key] = _file_systems(given, path)
            continue
        setting = SETTINGS.get(key)
        if setting is None:
            advice = did_you_mean(key, SETTINGS, "docs/settings.md lists the keys")
            raise Refusal(f"unknown setting: the key `{key}` in `{path}`", advice=advice)
        value = _typed(setting, given, f"the key `{key}` in `{path}`")
        # A path in the file means the same from every working directory.
        values[key] = path.parent / value.expanduser() if isinstance(value, Path) else value
    return values


def _engines(given: object, path: Path) -> dict[str, tables.EngineTable]:
    try:
        return tables.read(given)
    except tables.Wrong as error:
        raise Refusal(
            f"{error} (`{path}`)", advice="docs/settings.md lists what an engine's table takes"
        ) from error


def _file_systems(given: object, path: Path) -> dict[str, file_systems.Folder]:
    try:
        return file_systems.read(given)
    except file_systems.WrongFileSystem as error:
        raise Refusal(
            f"{error} (`{path}`)", advice="docs/settings.md lists what a file system's table takes"
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise Refusal(f"cannot read the settings in `{path}`: {_reason(error)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = str(error).rstrip(".")
        raise Refusal(f"`{path}` is not a TOML file: {reason[:1].lower()}{reason[1:]}") from error


def _typed(setting: Setting, given: object, where: str) -> Any:
    """A TOML value, whose type must be the setting's own."""
    if setting.about.each is not None:
        takes = f"{where} takes a list of {setting.about.each.words}"
        if not isinstance(given, list):
            raise Refusal(f"{takes}, not `{given}`")
        return _listed(setting.about.each, given, takes)
    wanted: tuple[type, ...] = {float: (float, int), Path: (str,)}.get(setting.type, (setting.type,))
    if not isinstance(given, wanted) or (isinstance(given, bool) and setting.type is not bool):
        raise _wrong(setting, given, where)
    return _checked(setting, setting.type(given), given, where)


def _converted(setting: Setting, given: str | bool, where: str) -> Any:
    """The value that an option's or a variable's text stands for."""
    if isinstance(given, bool):
        return given
    if setting.about.each is not None:
        takes = f"{where} takes {setting.about.each.words}, separated by commas"
        return _listed(setting.about.each, given.split(","), takes)
    try:
        value = _WORDS[given.lower()] if setting.type is bool else setting.type(given)
    except (ValueError, KeyError):
        raise _wrong(setting, given, where) from None
    return _checked(setting, value, given, where)


def _listed(item: Item, given: Sequence[object], takes: str) -> tuple[str, ...]:
    """The entries of a list in their canonical form."""
    found = []
    for entry in given:
        try:
            found.append(item.read(entry if isinstance(entry, str) else ""))
        except ValueError:
            raise Refusal(f"{takes}, not `{entry}`") from None
    return tuple(found)


def _checked(setting: Setting, value: Any, given: object, where: str) -> Any:
    about = setting.about
    too_low = about.least is not None and not value >= about.least
    too_high = about.most is not None and not value <= about.most
    unknown = about.choices and value not in about.choices
    if too_low or too_high or unknown or value == float("inf") or given == "":
        raise _wrong(setting, given, where)
    return value


def _wrong(setting: Setting, given: object, where: str) -> Refusal:
    about = setting.about
    kind = f"one of {', '.join(about.choices)}" if about.choices else _KINDS[setting.type]
    if about.least is not None:
        kind += f" from {about.least:g}" + (f" to {about.most:g}" if about.most is not None else "")
    shown = str(given).lower() if isinstance(given, bool) else given
    return Refusal(f"{where} takes {kind}, not `{shown}`")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
