"""Text with `*`, `?` and policy variables, as Resource elements and condition values have it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from batchyard.policy.segments import compile_pieces

Values = str | tuple[str, ...]
"""A context key's value: a string for a single-valued key, a tuple for a multivalued key.

A tag's key (`aws:resourcetag/team`) is single-valued: several values are those of tags whose keys differ in case.
"""

Context = Mapping[str, Values]
"""A request context. It is asked by `get` with key names in lower case."""


@dataclass(frozen=True, slots=True)
class Wild:
    """A wildcard: `*` for any text, also none, `?` for one character."""

    sign: Literal["*", "?"]


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`; the key is in lower case."""

    key: str
    default: str | None


ANY = Wild("*")
ONE = Wild("?")
_SIGNS: Mapping[str, Wild] = {"*": ANY, "?": ONE}
_WILD = re.compile(r"([*?])")

Resolved = tuple["str | Wild", ...]
"""A pattern whose variables are filled in. What a variable brought is literal text, never a wildcard."""

_PIECE = re.compile(
    r"\$\{(?P<literal>[*?$])\}"
    r"|\$\{(?P<key>[^{}$,'*?]+)(?:,\s*'(?P<default>[^']*)'\s*)?\}"
    r"|(?P<wild>[*?])"
)


@dataclass(frozen=True, slots=True)
class Template:
    """A pattern as written in a policy.

    Without `variables` (Version 2008-10-17) `${...}` is plain text. `${` that opens no variable is plain text,
    too [guess].
    """

    source: str
    tokens: tuple[str | Wild | Variable, ...]

    @property
    def is_constant(self) -> bool:
        """No variables: `resolve` gives the same for every request."""
        return not any(isinstance(token, Variable) for token in self.tokens)

    @property
    def required(self) -> tuple[str, ...]:
        """The keys that must be present, as their variables have no default."""
        return tuple(t.key for t in self.tokens if isinstance(t, Variable) and t.default is None)

    def resolve(self, context: Context) -> Resolved:
        """Fill in the variables; a key of `required` that the context lacks raises KeyError."""
        if len(self.tokens) == 1 and not isinstance(self.tokens[0], Variable):
            return self.tokens  # type: ignore[return-value]
        return _joined(_filled(t, context) if isinstance(t, Variable) else t for t in self.tokens)

    def told(self, context: Context) -> str:
        """As people are told it: as written, and behind that what its variables make it for this request."""
        if self.is_constant:
            return self.source
        if not are_present(self.required, context):
            return f"{self.source} (which has no value)"
        return f"{self.source} ({self.text(context)})"

    def text(self, context: Context) -> str:
        """Fill in the variables where wildcards mean nothing: `*` stands for itself."""
        if len(self.tokens) == 1 and isinstance(self.tokens[0], str):
            return self.tokens[0]
        return "".join(
            t if isinstance(t, str) else t.sign if isinstance(t, Wild) else _filled(t, context)
            for t in self.tokens
        )


def parse_template(source: str, *, variables: bool) -> Template:
    """Read a pattern; see Template."""
    if not variables or "${" not in source:
        return Template(source, _split_wild(source))
    tokens: list[str | Wild | Variable] = []
    end = 0
    for found in _PIECE.finditer(source):
        if found.start() > end:
            tokens.append(source[end : found.start()])
        end = found.end()
        wild = found["wild"]
        if wild is not None:
            tokens.append(_SIGNS[wild])
        elif found["literal"] is not None:
            tokens.append(found["literal"])
        else:
            tokens.append(Variable(found["key"].strip().lower(), found["default"]))
    if end < len(source):
        tokens.append(source[end:])
    return Template(source, tuple(tokens))


def are_present(keys: tuple[str, ...], context: Context) -> bool:
    """Whether each of these variables has a value. A multivalued key can't be a variable."""
    return all(type(context.get(key)) is str for key in keys)


def _filled(variable: Variable, context: Context) -> str:
    value = context.get(variable.key)
    if isinstance(value, str):
        return value
    if variable.default is None:
        raise KeyError(variable.key)
    return variable.default


def _split_wild(source: str) -> tuple[str | Wild, ...]:
    # Without variables `${*}` is a wildcard between a literal `${` and `}`.
    if "*" not in source and "?" not in source:
        return (source,) if source else ()
    return tuple(_SIGNS.get(part, part) for part in _WILD.split(source) if part)


def _joined(tokens: Iterable[str | Wild]) -> Resolved:
    joined: list[str | Wild] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if isinstance(token, str) and isinstance(last, str):
            joined[-1] = last + token
        elif token != "" and not (token is ANY and last is ANY):
            joined.append(token)
    return tuple(joined)


@functools.lru_cache(maxsize=8192)
def matcher(pattern: Resolved) -> Callable[[str], bool]:
    """A test for a whole string, case-sensitive. Its time grows with the string's length, not with a power of it."""
    return compile_match(pattern)


def compile_match(pattern: Resolved) -> Callable[[str], bool]:
    """`matcher` for a pattern that is kept by who asks: nothing is remembered."""
    if pattern == (ANY,):
        return lambda text: True
    return compile_pieces([(token.sign, "") if isinstance(token, Wild) else ("", token) for token in pattern])
