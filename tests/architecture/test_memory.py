"""What is kept in memory is either true on its own, or stands in `framework/sole_server.py`, where its reason does."""

from __future__ import annotations

import ast
from pathlib import PurePath

from architecture.source import trees

ROOMS = (
    "framework",
    "driving",
    "identity",
    "gateway",
    "services",
    "audit",
    "store",
    "server",
    "app.py",
    "clock.py",
    "ids.py",
)
GROWING = {"dict", "set", "list", "OrderedDict", "Counter", "defaultdict", "deque"}

BY_CONTENT = "kept under what it was made of: where that is the same, it is true on every server"
BY_REVISION = "kept with the revision that it was read at, which is `SoleServer.remembered`"
CALL = "of one call, round or transaction"
PROCESS = "of this process's own threads, connections or callers, and nobody else's"
START = "filled as the modules are imported, and never changed again"

OUTSIDE = {
    "Classes._written": "numbers follow from the content; written once more, a row stays as it is",
    "resource_types: _KINDS": START,
    "resource_types: _TYPES": START,
    "Trail._touched": "when a row was last touched: each server may write it once a second",
    "AdvancedClock._listeners": "of `--test-clock` alone",
    "Context.denied": CALL,
    "Context.nested_events": CALL,
    "Context.noted_resources": CALL,
    "Driver.exceptions": PROCESS,
    "Elapsed._began": "what was not counted here is counted from its stored moment",
    "Service.controllers": START,
    "Service.operations": START,
    "Service.unbuilt_values": START,
    "Assumer._kept": "sessions of a role: one that is over is assumed anew at the next call",
    "Sessions._opened": BY_CONTENT,
    "SigningKeys._keys": BY_CONTENT,
    "Strangers._is_own": BY_CONTENT,
    "CostlyCallers._until": PROCESS,
    "Turns._waiting": PROCESS,
    "Readier._ready": CALL,
    "Starter._refused": CALL,
    "stored: WRITERS": START,
    "task_rows: _CHANGES": BY_CONTENT,
    "IamSource._keys": BY_REVISION,
    "IamSource._known": BY_REVISION,
    "IamSource._opened": BY_CONTENT,
    "PolicyReading.aws_documents": CALL,
    "Compiled._binders": BY_CONTENT,
    "Compiled._fixed": BY_CONTENT,
    "Compiled._readers": BY_CONTENT,
    "SqliteStore._open_readers": PROCESS,
    "Transaction._callbacks": CALL,
    "Transaction._collected": CALL,
    "Transaction._noted_before": CALL,
    "Transaction._notes": CALL,
    "Writer._of_loop": PROCESS,
    "Writer._of_threads": PROCESS,
    "_Group.of_loop": CALL,
    "_Group.of_threads": CALL,
}
"""What grows in memory and is not the sole server's, and why it may: something new goes here or there."""

OF_THE_SOLE_SERVER = "framework/due_keys.py"


def test_what_grows_in_memory_is_named() -> None:
    found = {
        name
        for path, tree in trees().items()
        if path.split("/")[0] in ROOMS and path != OF_THE_SOLE_SERVER
        for name in (*_of_module(tree, PurePath(path).stem), *_of_classes(tree))
    }
    assert found - OUTSIDE.keys() == set(), "say why it may, or put it there"
    assert OUTSIDE.keys() - found == set(), "gone: take the line out"


def test_who_makes_threads_ends_them() -> None:
    """Whether they do is seen in tests/server/test_start_and_stop.py; here nobody is forgotten."""
    sources = {path: ast.unparse(tree) for path, tree in trees().items()}
    endless = [
        path
        for path, source in sources.items()
        if ("ThreadPoolExecutor(" in source and ".shutdown(" not in source)
        or ("Thread(" in source and ".join(" not in source)
    ]
    assert endless == []


def _of_module(tree: ast.Module, file: str) -> list[str]:
    return [f"{file}: {target.id}" for target in _grown(tree.body) if isinstance(target, ast.Name)]


def _of_classes(tree: ast.Module) -> list[str]:
    return [
        f"{owner.name}.{target.attr}"
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        for function in owner.body
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
        for target in _grown(list(ast.walk(function)))
        if isinstance(target, ast.Attribute)
    ]


def _grown(nodes: list[ast.AST] | list[ast.stmt]) -> list[ast.expr]:
    """What an empty container, or a cache, is assigned to."""
    targets: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, ast.Assign) and _is_growing(node.value):
            targets += node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None and _is_growing(node.value):
            targets.append(node.target)
    return targets


def _is_growing(value: ast.expr) -> bool:
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List):
        return not value.elts
    if not isinstance(value, ast.Call):
        return False
    made = value.func.func if isinstance(value.func, ast.Call) else value.func
    name = made.attr if isinstance(made, ast.Attribute) else getattr(made, "id", "")
    return name == "lru_cache" or (name in GROWING and not value.args)
