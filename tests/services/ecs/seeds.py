"""A container instance without an EC2 instance behind it: for tests of placement alone."""

from __future__ import annotations

import secrets
from typing import Any

from batchyard.services.ecs.clusters.instance_rows import insert_instance


def add_instance(
    app: Any, account: str, *, cpu: int = 2048, memory: int = 4096, gpus: int = 0, cluster: str = "c"
) -> str:
    """Register an instance in the store, as the agent would; its container instance id."""
    identity = secrets.token_hex(16)
    names = [f"GPU-{number}" for number in range(gpus)]
    values = {
        "account": account,
        "partition": "aws",
        "region": "us-east-1",
        "cluster": cluster,
        "id": identity,
        "ec2_instance_id": f"i-{secrets.token_hex(8)}",
        "instance_type": "c5.large",
        "availability_zone": "us-east-1a",
        "status": "ACTIVE",
        "cpu": cpu,
        "memory": memory,
        "cpu_left": cpu,
        "memory_left": memory,
        "gpus": names,
        "gpus_left": names,
        "gpu_count_left": gpus,
        "running_count": 0,
        "pending_count": 0,
        "version": 1,
        "tags": [],
        "registered_at": app.clock.now(),
    }
    app.store.write(lambda tx: insert_instance(tx, values))
    return identity
