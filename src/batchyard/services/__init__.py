"""Room 5: one folder per AWS service; none imports another."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from batchyard.framework.service import Service

NAMES = ("iam", "sts", "batch", "ecs", "ec2", "autoscaling", "eks", "logs", "cloudtrail")
"""The services that are here, by botocore's names; each package holds a `Service` under its own name."""


def load_services(names: Iterable[str] = NAMES) -> dict[str, Service]:
    """The services of these names, with their operations registered."""
    services: dict[str, Service] = {}
    for name in names:
        module = importlib.import_module(f"batchyard.services.{name}")
        services[name] = getattr(module, name)
    return services
