"""How long a large plan takes: run as a script, it prints the median in milliseconds of CPU."""

import random
import statistics
import time
from datetime import UTC, datetime, timedelta

from batchyard.scheduler import (
    ComputeEnvironment,
    Instance,
    InstanceType,
    Job,
    Queue,
    Snapshot,
    plan,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TYPES = tuple(
    InstanceType(name=f"m5.{name}", vcpus=vcpus, memory_mib=vcpus * 4096)
    for name, vcpus in (("large", 2), ("xlarge", 4), ("2xlarge", 8), ("4xlarge", 16), ("24xlarge", 96))
)


def large(*, vcpus: int, sizes: int, max_vcpus: int, queues: int = 50, jobs: int = 500) -> Snapshot:
    """50 queues of 500 jobs on one environment of 200 instances with `vcpus` each."""
    rng = random.Random(1)
    instances = tuple(
        Instance(
            instance_id=f"i-{number:017x}",
            instance_type="m5.large",
            vcpus=vcpus,
            memory_mib=vcpus * 4096,
            free_vcpus=vcpus,
            free_memory_mib=vcpus * 4096,
        )
        for number in range(200)
    )
    environment = ComputeEnvironment(
        arn="ce", type="EC2", max_vcpus=max_vcpus, instances=instances, instance_types=TYPES
    )
    lines = tuple(
        Queue(
            arn=f"q{queue:02}",
            name=f"q{queue:02}",
            priority=queue % 5,
            compute_environments=("ce",),
            jobs=tuple(
                Job(
                    job_id=f"{queue}-{number}",
                    queue_arn=f"q{queue:02}",
                    vcpus=rng.randint(1, sizes),
                    memory_mib=rng.randint(1, sizes) * 2048,
                    created_at=NOW + timedelta(seconds=number),
                )
                for number in range(jobs)
            ),
        )
        for queue in range(queues)
    )
    return Snapshot(queues=lines, compute_environments=(environment,))


def milliseconds(snapshot: Snapshot, *, rounds: int = 7) -> float:
    """The median time of one plan, in CPU milliseconds of this process."""
    times = []
    for _ in range(rounds):
        begun = time.process_time()
        plan(snapshot, NOW)
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    for title, snapshot in (
        ("200 x 16 vCPUs, full", large(vcpus=16, sizes=4, max_vcpus=3200)),
        ("200 x 16 vCPUs, equal jobs", large(vcpus=16, sizes=1, max_vcpus=3200)),
        ("200 x 16 vCPUs, may double", large(vcpus=16, sizes=4, max_vcpus=6400)),
        ("every job is placed", large(vcpus=512, sizes=4, max_vcpus=102400)),
        ("every job makes it grow", large(vcpus=16, sizes=4, max_vcpus=102400)),
    ):
        made = plan(snapshot, NOW)
        print(
            f"{title:30} {milliseconds(snapshot):7.1f} ms; "
            f"{len(made.placements)} placed, {len(made.waits)} wait, {len(made.capacity)} wishes"
        )
