"""AWS Identity and Access Management: its name and principal."""

from batchyard.framework.service import Service

iam = Service(
    "iam", principal="iam.amazonaws.com", title="AWS Identity and Access Management", is_global=True
)
