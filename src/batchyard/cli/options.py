"""The command line's grammar: commands, their options, and the settings' options, which are made from the fields."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from batchyard.cli.refusal import Refusal, did_you_mean
from batchyard.cli.settings import FILE_VARIABLE, resolve
from batchyard.config import SETTINGS, Setting, Settings


class Parser(argparse.ArgumentParser):
    """Raises Refusal for a line that it does not understand; options are never abbreviated."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Help, **arguments)

    def error(self, message: str) -> NoReturn:
        # argparse's own words for what is missing or superfluous, with the user's part in backticks.
        sentence = re.sub(r"^argument (\S+?)(?:/\S+)?: ", r"`\1` ", message)
        sentence = re.sub(r"'([^']*)'", r"`\1`", sentence)
        raise Refusal(sentence, advice=f"`{self.prog} --help` shows what it takes")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:
            advice = did_you_mean(value, action.choices, f"`{self.prog} --help` lists the commands")
            raise Refusal(f"unknown command `{value}`", advice=advice)
        super()._check_value(action, value)

    def understand(self, arguments: list[str]) -> argparse.Namespace:
        """The parsed line; raises Refusal."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            prog = f"{self.prog} {parsed.command}" if getattr(parsed, "command", None) else self.prog
            known = [setting.option for setting in SETTINGS.values()]
            name = unknown[0].partition("=")[0]
            kind = "unknown setting: the option" if name.startswith("-") else "unexpected argument"
            advice = did_you_mean(name, known, f"`{prog} --help` shows what it takes")
            raise Refusal(f"{kind} `{name}`", advice=advice)
        return parsed


class _Help(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def add_settings(parser: argparse.ArgumentParser, names: Iterable[str] = SETTINGS) -> None:
    """Give a command the options of these settings, and --config."""
    for name in names:
        _add(parser, SETTINGS[name])
    text = f"Read settings from this file, not from batchyard.toml here ({FILE_VARIABLE})."
    parser.add_argument("--config", metavar="FILE", help=text)


def _add(parser: argparse.ArgumentParser, setting: Setting) -> None:
    about = setting.about
    choices = f" {', '.join(about.choices)}." if about.choices else ""
    text = f"{about.text}{choices} ({setting.default_text}; {setting.variable})".replace("%", "%%")
    if setting.type is bool:
        action = argparse.BooleanOptionalAction
        parser.add_argument(setting.option, dest=setting.name, action=action, default=None, help=text)
    else:
        metavar = setting.name.rpartition("_")[2].upper()
        parser.add_argument(setting.option, dest=setting.name, metavar=metavar, help=text)


def settings_of(parsed: argparse.Namespace) -> Settings:
    """The settings of a parsed line, with what the variables and the file add; raises Refusal."""
    given = {name: value for name in SETTINGS if (value := getattr(parsed, name, None)) is not None}
    return resolve(given, config=parsed.config)
