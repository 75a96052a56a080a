"""Whatever answers 501 is declared, so that docs/coverage.md lists it: no silent narrowing."""

from __future__ import annotations

import ast
from pathlib import Path

import batchyard
from batchyard.services import load_services
from batchyard.wire import model as wire_model

SERVICES = Path(batchyard.__file__).parent / "services"


def test_services_refuse_only_by_what_they_declared() -> None:
    made = [
        f"{path.relative_to(SERVICES)}:{node.lineno}"
        for path in SERVICES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "NotBuilt"
    ]
    assert made == []


def test_each_declaration_is_of_operations_that_are_built() -> None:
    services = load_services()
    for service in services.values():
        model = wire_model.load(service.name)
        for declared in service.unbuilt_values:
            assert declared.described
            for name in declared.operations:
                assert model.operations[name].snake_name in service.operations, (service.name, declared)
    assert sum(len(service.unbuilt_values) for service in services.values()) >= 15
