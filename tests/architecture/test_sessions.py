"""Who makes a Session: two files, and no trick makes one elsewhere (DESIGN.md 2.5)."""

from __future__ import annotations

import ast

import pytest

from architecture.source import dotted, imported, outside_annotations, trees

MAKERS = {"gateway/authenticate.py", "gateway/sessions.py"}
SESSION = "batchyard.framework.session.Session"
COPIES = {
    "gateway/answers.py": "an answer of ours gets another code",
    "gateway/kept_callers.py": "a call gets another origin",
    "gateway/sessions.py": "a session is carried on",
    "services/cloudtrail/event_history.py": "a window of time is narrowed",
    "services/iam/simulations.py": "a simulated question gets another resource policy",
    "policy/evaluate.py": "a decision gets its trace, or the statement that granted",
}
"""The files that use `dataclasses.replace`, each with what it copies; the list can only shrink."""


def _speaks_of_session(tree: ast.Module) -> list[int]:
    """The lines that use Session for anything but a type: to make one, pass the class on, or derive from it."""
    names = {name for name, full in imported(tree).items() if full == SESSION}
    modules = {
        name for name, full in imported(tree).items() if full in ("batchyard.framework.session", "batchyard")
    }
    found = []
    for node in outside_annotations(tree):
        if isinstance(node, ast.Name) and node.id in names:
            found.append(node.lineno)
        if isinstance(node, ast.Attribute) and node.attr == "Session":
            name = dotted(node) or ""
            if name.split(".")[0] in modules:
                found.append(node.lineno)
    return found


def _copiers(tree: ast.Module) -> list[str]:
    """What the module uses that makes an instance from another without its class's name."""
    known = imported(tree)
    tricks = (
        "dataclasses.replace",
        "copy.copy",
        "copy.deepcopy",
        "copy.replace",
        "pickle.loads",
        "pickle.load",
    )
    found = [full for full in known.values() if full in tricks or full.split(".")[0] in ("copy", "pickle")]
    for node in ast.walk(tree):
        name = dotted(node) if isinstance(node, ast.Attribute) else None
        if name == "dataclasses.replace" or (name or "").endswith((".__new__", ".__class__", ".__replace__")):
            found.append(str(name))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Call)
            and dotted(node.func.func) == "type"
        ):
            found.append("type(…)(…)")
    return found


def test_a_session_is_made_in_two_files() -> None:
    speaking = {path for path, tree in trees().items() if _speaks_of_session(tree)}
    assert speaking == MAKERS


def test_a_session_is_copied_nowhere_else() -> None:
    copying = {path: set(_copiers(tree)) for path, tree in trees().items() if _copiers(tree)}
    assert copying == {path: {"dataclasses.replace"} for path in COPIES}


def test_a_session_has_no_constructor_beside_its_own() -> None:
    """No classmethod that other files could call."""
    tree = trees()["framework/session.py"]
    methods = [
        node.name
        for cls in tree.body
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.FunctionDef)
    ]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and dotted(node.func) == "Session"]
    assert (methods, calls) == ([], [])


@pytest.mark.parametrize(
    "trick",
    [
        "from batchyard.framework.session import Session\nroot = Session('root')",
        "from batchyard.framework.session import Session as S\nmake = S",
        "from batchyard.framework import session\nsession.Session('root')",
        "import batchyard.framework.session\nbatchyard.framework.session.Session('root')",
        "from batchyard.framework.session import Session\nclass Mine(Session): ...",
        "from batchyard.framework.session import Session\nmakers = {'root': Session}",
    ],
)
def test_the_rule_sees_who_makes_one(trick: str) -> None:
    assert _speaks_of_session(ast.parse(trick))


@pytest.mark.parametrize(
    "trick",
    [
        "from dataclasses import replace as other\nother(ctx.session, kind='root')",
        "import dataclasses\ndataclasses.replace(ctx.session, kind='root')",
        "type(ctx.session)('root')",
        "ctx.session.__class__('root')",
        "object.__new__(cls)",
        "import copy\ncopy.copy(ctx.session)",
    ],
)
def test_the_rule_sees_who_copies_one(trick: str) -> None:
    assert _copiers(ast.parse(trick))


def test_the_rule_leaves_types_alone() -> None:
    typed = """
from batchyard.framework.session import Session
kept: dict[str, Session] = {}
Invoke = Callable[[Session], None]
def of(session: Session) -> Session | None: ...
"""
    assert _speaks_of_session(ast.parse(typed)) == []
