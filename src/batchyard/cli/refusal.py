"""How a command says that it will not, or cannot: one sentence, and where it helps a line of what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class Refusal(Exception):
    """The command ends here, and nothing was changed.

    `sentence` is lower case without full stop, with what the user gave in backticks; `advice` is printed on a line
    of its own. `code`: 2 where the command could not begin, 1 where its answer is no.
    """

    def __init__(self, sentence: str, *, advice: str = "", code: int = 2) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = advice
        self.code = code

    def __str__(self) -> str:
        return f"batchyard: {self.sentence}" + (f"\nhelp: {self.advice}" if self.advice else "")


def did_you_mean(given: str, known: Iterable[str], otherwise: str) -> str:
    """Advice for a name that is not known: the nearest name, or `otherwise`."""
    near = difflib.get_close_matches(given, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else otherwise
