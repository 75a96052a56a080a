"""Who makes a Session: two files, and no trick makes one elsewhere (docs/decisions/0000)."""

from __future__ import annotations

import ast
import dataclasses

import pytest

from architecture.source import dotted, imported, outside_annotations, trees
from batchyard.identity.session import Session

MAKERS = {"gateway/authenticate.py", "gateway/sessions.py"}
SESSION = "batchyard.identity.session.Session"
COPIERS = {"gateway/sessions.py"}
NAMED = ("session", "caller", "principal", "identity")
FIELDS = {field.name for field in dataclasses.fields(Session)} - {
    "account",
    "partition",
    "arn",
    "name",
    "policies",
}
"""What only a Session has."""


def _speaks_of_session(tree: ast.Module) -> list[int]:
    """The lines that use Session for anything but a type: to make one, pass the class on, or derive from it."""
    names = {name for name, full in imported(tree).items() if full == SESSION}
    modules = {
        name for name, full in imported(tree).items() if full in ("batchyard.identity.session", "batchyard")
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
    """What the module uses that makes a Session from another, or anything from no constructor, without its name."""
    known = imported(tree)
    found = [full for full in known.values() if full.split(".")[0] in ("copy", "pickle")]
    for node in ast.walk(tree):
        name = dotted(node) if isinstance(node, ast.Attribute) else None
        if (name or "").endswith((".__new__", ".__class__", ".__replace__")):
            found.append(str(name))
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Call) and dotted(node.func.func) == "type":
            found.append("type(…)(…)")
        called = dotted(node.func) or ""
        if known.get(called, called) == "dataclasses.replace" and _is_of_a_session(node):
            found.append("dataclasses.replace")
    return found


def _is_of_a_session(call: ast.Call) -> bool:
    """By the name of what is copied, or by what is changed in it."""
    copied = (dotted(call.args[0]) or "session") if call.args else "session"
    changed = {keyword.arg or "**" for keyword in call.keywords}
    return copied.split(".")[-1] in NAMED or bool(changed & (FIELDS | {"**"}))


def test_a_session_is_made_in_two_files() -> None:
    speaking = {path for path, tree in trees().items() if _speaks_of_session(tree)}
    assert speaking == MAKERS


def test_a_session_is_copied_nowhere_else() -> None:
    copying = {path: set(_copiers(tree)) for path, tree in trees().items() if _copiers(tree)}
    assert copying == {path: {"dataclasses.replace"} for path in COPIERS}


ACT_AS_SERVICES = {"gateway/assuming.py"}
"""Who may begin with a service principal, which a role's trust policy may name: to assume that role, and no more."""
ACT_AS_WORKLOADS = {
    "app.py": "answers a task that shows its token",
    "services/ecs/controllers/agents.py": "registers instances",
    "services/ecs/controllers/launching.py": "assumes a task's roles before its start",
    "services/ecs/controllers/outputs.py": "puts the output of tasks",
}


def _calling(name: str) -> set[str]:
    """The files that call something of this name, however it is reached."""
    return {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (dotted(node.func) or "").split(".")[-1] == name
    }


def test_one_file_begins_with_a_service_principal() -> None:
    assert _calling("service_session") == ACT_AS_SERVICES


def test_who_acts_as_a_workload_is_known() -> None:
    """By the port alone, which asks the service that keeps the row for the role."""
    using = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and (dotted(node) or "").endswith("runtime.workloads")
    }
    assert using == set(ACT_AS_WORKLOADS)
    assert _calling("WorkloadSessions") == {"app.py"}


def test_a_session_has_no_constructor_beside_its_own() -> None:
    """No classmethod that other files could call."""
    tree = trees()["identity/session.py"]
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
        "from batchyard.identity.session import Session\nroot = Session('root')",
        "from batchyard.identity.session import Session as S\nmake = S",
        "from batchyard.identity import session\nsession.Session('root')",
        "import batchyard.identity.session\nbatchyard.identity.session.Session('root')",
        "from batchyard.identity.session import Session\nclass Mine(Session): ...",
        "from batchyard.identity.session import Session\nmakers = {'root': Session}",
    ],
)
def test_the_rule_sees_who_makes_one(trick: str) -> None:
    assert _speaks_of_session(ast.parse(trick))


@pytest.mark.parametrize(
    "trick",
    [
        "from dataclasses import replace as other\nother(ctx.session, kind='root')",
        "import dataclasses\ndataclasses.replace(ctx.session, kind='root')",
        "from dataclasses import replace\nreplace(whoever, acted_for='batch.amazonaws.com')",
        "from dataclasses import replace\nreplace(whoever, **changes)",
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
from batchyard.identity.session import Session
kept: dict[str, Session] = {}
Invoke = Callable[[Session], None]
def of(session: Session) -> Session | None: ...
"""
    assert _speaks_of_session(ast.parse(typed)) == []
