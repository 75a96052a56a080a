"""The names of what Batch makes for an environment (batch-on-behalf.md 2): same environment, same names."""

from __future__ import annotations

import base64

from batchyard import ids
from batchyard.store.prepared import Row


def cluster_name(row: Row) -> str:
    """`AWSBatch-<name>-<uuid>` as the service-linked role; `<name>_Batch_<uuid>` as a customer's role."""
    unique = ids.uuid3(f"{row.arn}/{row.uuid}/cluster")
    return f"AWSBatch-{row.name}-{unique}" if row.service_linked else f"{row.name}_Batch_{unique}"


def group_unique(row: Row, instance_type: str, infrastructure: int | None = None) -> str:
    """The UUID that an instance type's group and launch template share; each infrastructure has its own."""
    number = row.made.get("infrastructure", 0) if infrastructure is None else infrastructure
    return ids.uuid3(f"{row.arn}/{row.uuid}/{instance_type}" + (f"/{number}" if number else ""))


def group_name(row: Row, instance_type: str, infrastructure: int | None = None) -> str:
    """The Auto Scaling group of one instance type of the environment, now or in an older infrastructure."""
    unique = group_unique(row, instance_type, infrastructure)
    return f"AWSBatch-{row.name}-asg-{unique}" if row.service_linked else f"{row.name}-asg-{unique}"


def launch_template_name(row: Row, instance_type: str, infrastructure: int | None = None) -> str:
    """The launch template of that group."""
    return f"Batch-lt-{group_unique(row, instance_type, infrastructure)}"


def user_data(cluster: str) -> str:
    """What an instance is told at boot, base64 encoded: which cluster its agent joins."""
    script = (
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="==BOUNDARY=="\n\n'
        '--==BOUNDARY==\nContent-Type: text/x-shellscript; charset="us-ascii"\n\n'
        f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n\n--==BOUNDARY==--\n"
    )
    return base64.b64encode(script.encode()).decode()
