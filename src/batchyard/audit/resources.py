"""What an event's resources are looked up by: the last part of an ARN, and its type as the ARN writes it."""

from __future__ import annotations


def short_name(arn: str) -> str:
    """The last part of an ARN, by which resources are looked up; a plain name stays itself."""
    if not arn.startswith("arn:"):
        return arn
    resource = arn.split(":", 5)[-1]
    return resource.rsplit("/", 1)[-1] if "/" in resource else resource.rsplit(":", 1)[-1]


def kind(arn: str) -> str:
    """Service and type of an ARN, `batch:job-queue`; empty where the ARN names none."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ""
    return f"{parts[2]}:{parts[5].replace(':', '/').split('/', 1)[0]}"
