"""Room 5: one folder per AWS service; none imports another."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

from batchyard.framework.service import Service

NAMES = ("iam", "sts", "batch", "ecs", "ec2", "autoscaling", "eks", "logs", "cloudtrail")
"""The services that are here, by botocore's names; `service.py` of each package holds its `Service`, of that name."""


def load_services(names: Iterable[str] = NAMES) -> dict[str, Service]:
    """The services of these names, with the operations and controllers of every module in their packages."""
    services: dict[str, Service] = {}
    for name in names:
        package = importlib.import_module(f"{__name__}.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
        services[name] = getattr(importlib.import_module(f"{package.__name__}.service"), name)
    return services
