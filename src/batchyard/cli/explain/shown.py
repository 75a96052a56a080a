"""Explanations for people: a line for each decision and statement, the text of a statement below it."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text


def show_event(answer: dict[str, Any]) -> None:
    """Print what decided a call that was made."""
    console = _console()
    _line(console, f"{answer['eventName']} by {answer['principal']} at {answer['eventTime']}", "bold")
    if answer["errorCode"]:
        _line(console, f"{answer['errorCode']}: {answer['errorMessage']}", "red")
    if not answer["decisions"]:
        _line(console, "no permission was asked for: the call needs none, or was refused before")
    for decision in answer["decisions"]:
        _line(console, f"\n{decision['action']} on {decision['resource']}")
        _line(console, f"  {decision['sentence']}", _colour(decision["outcome"]))
        for statement in decision["statements"]:
            _statement(console, statement, statement["note"])
        if "ask" in decision:
            _line(console, f"  what came nearest: {decision['ask']}", "dim")


def show_answer(answer: dict[str, Any]) -> None:
    """Print whether a request would be allowed, and what became of each statement."""
    console = _console()
    _line(console, f"{answer['action']} on {answer['resource']}\n  as {answer['principal']}", "bold")
    _line(console, f"  {answer['sentence']}", _colour(answer["outcome"]))
    nearest = answer["nearestMiss"]
    about = [one for one in answer["statements"] if one["failedOn"] != "action"]
    if nearest is not None:
        _line(console, "\nNearest miss", "bold")
        _statement(console, nearest, nearest["sentence"])
    _section(console, "What decided", [one for one in about if one["decided"]])
    rest = [one for one in about if not one["decided"] and one != nearest]
    _section(console, "Other statements about the action", rest)
    others = len(answer["statements"]) - len(about)
    if others:
        are = "statement is" if others == 1 else "statements are"
        _line(console, f"\n{others} more {are} about other actions", "dim")


def _section(console: Console, title: str, statements: list[dict[str, Any]]) -> None:
    if statements:
        _line(console, f"\n{title}", "bold")
    for statement in statements:
        _statement(console, statement, statement["sentence"])


def _statement(console: Console, statement: dict[str, Any], said: str) -> None:
    version = f" {statement['version']}" if statement["version"] else ""
    sid = f" {statement['sid']}" if statement["sid"] else ""
    _line(console, f"  {statement['policy']}{version}, statement {statement['statement']}{sid}")
    if said:
        _line(console, f"    {said}", "yellow")
    if statement["text"] is not None:
        _line(console, f"    {json.dumps(statement['text'])}", "dim")


def _colour(outcome: str) -> str:
    return "green" if outcome == "allowed" else "red"


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False, markup=False)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style))
