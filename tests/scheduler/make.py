"""Short ways to write snapshots, and the Hypothesis strategies that make many."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from batchyard.scheduler import (
    ComputeEnvironment,
    Consumable,
    Instance,
    InstanceType,
    Job,
    Node,
    Queue,
    Snapshot,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)

LARGE = InstanceType(name="m5.large", vcpus=2, memory_mib=7500)
XLARGE = InstanceType(name="m5.xlarge", vcpus=4, memory_mib=15000)
FOUR_XLARGE = InstanceType(name="m5.4xlarge", vcpus=16, memory_mib=60000)
GPU = InstanceType(name="p3.2xlarge", vcpus=8, memory_mib=60000, gpus=1)


def job(job_id, *, queue="q", age=0, vcpus=1, memory_mib=1000, **fields):
    """A job; one with a greater `age` (seconds) was created earlier."""
    created_at = NOW - timedelta(seconds=age)
    return Job(
        job_id=job_id, queue_arn=queue, vcpus=vcpus, memory_mib=memory_mib, created_at=created_at, **fields
    )


def gang(job_id, *sizes, **fields):
    """A multi-node parallel job, a node for each of these numbers of vCPUs, or pairs of these with MiB."""
    pairs = [size if isinstance(size, tuple) else (size, 1000) for size in sizes]
    nodes = tuple(Node(job_id=job_id, vcpus=vcpus, memory_mib=memory) for vcpus, memory in pairs)
    vcpus, memory_mib = sum(node.vcpus for node in nodes), sum(node.memory_mib for node in nodes)
    return job(job_id, vcpus=vcpus, memory_mib=memory_mib, nodes=nodes, **fields)


def jobs(count, *, queue="q", prefix="j", **fields):
    """That many equal jobs, oldest first: j000, j001, …"""
    return tuple(
        job(f"{prefix}{number:03}", queue=queue, age=count - number, **fields) for number in range(count)
    )


def queue(*its_jobs, arn="q", priority=1, environments=("ce",), **fields):
    """A queue with these jobs."""
    return Queue(
        arn=arn, name=arn, priority=priority, compute_environments=environments, jobs=its_jobs, **fields
    )


def instance(instance_id, instance_type=XLARGE, *, used_vcpus=0, used_memory_mib=0, used_gpus=0, **fields):
    """An instance of the type with so much of it in use."""
    return Instance(
        instance_id=instance_id,
        instance_type=instance_type.name,
        vcpus=instance_type.vcpus,
        memory_mib=instance_type.memory_mib,
        gpus=instance_type.gpus,
        free_vcpus=instance_type.vcpus - used_vcpus,
        free_memory_mib=instance_type.memory_mib - used_memory_mib,
        free_gpus=instance_type.gpus - used_gpus,
        **fields,
    )


def environment(*instances, arn="ce", type="EC2", max_vcpus=256, types=(LARGE, XLARGE), **fields):
    """An environment with these instances."""
    return ComputeEnvironment(
        arn=arn, type=type, max_vcpus=max_vcpus, instances=instances, instance_types=types, **fields
    )


def fargate(*, arn="ce", max_vcpus=16, **fields):
    """A Fargate environment."""
    return ComputeEnvironment(arn=arn, type="FARGATE", max_vcpus=max_vcpus, **fields)


def snapshot(queues, environments, **left):
    """The two as a snapshot, with so much left of each resource; one of a kind may be given bare."""
    queues = (queues,) if isinstance(queues, Queue) else tuple(queues)
    environments = (environments,) if isinstance(environments, ComputeEnvironment) else tuple(environments)
    resources = tuple(Consumable(name=name, total=9, available=count) for name, count in left.items())
    return Snapshot(queues=queues, compute_environments=environments, consumables=resources)


_TYPES = (LARGE, XLARGE, FOUR_XLARGE, GPU)


@st.composite
def some_instances(draw, prefix):
    """Up to six instances in any state of use."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(_TYPES))
        used = draw(st.integers(0, kind.vcpus))
        idle = used == 0
        made.append(
            instance(
                f"{prefix}-i{number}",
                kind,
                used_vcpus=used,
                used_memory_mib=0 if idle else draw(st.integers(0, kind.memory_mib)),
                used_gpus=0 if idle else draw(st.integers(0, kind.gpus)),
                state=draw(st.sampled_from(("ACTIVE", "ACTIVE", "ACTIVE", "PENDING", "DRAINING"))),
                idle_since=NOW - timedelta(seconds=draw(st.integers(0, 1200))) if idle else None,
            )
        )
    return tuple(made)


@st.composite
def some_environment(draw, arn, types=("EC2", "SPOT", "FARGATE", "UNMANAGED")):
    """An environment of one of these types, healthy more often than not."""
    kind = draw(st.sampled_from(types))
    fields = {
        "arn": arn,
        "max_vcpus": draw(st.integers(0, 64)),
        "state": draw(st.sampled_from(("ENABLED", "ENABLED", "ENABLED", "DISABLED"))),
        "status": draw(st.sampled_from(("VALID", "VALID", "VALID", "UPDATING", "CREATING", "INVALID"))),
    }
    if kind == "FARGATE":
        return fargate(used_vcpus=draw(st.integers(0, fields["max_vcpus"] * 4)) / 4, **fields)
    return environment(
        *draw(some_instances(arn)),
        type=kind,
        types=tuple(draw(st.lists(st.sampled_from(_TYPES), unique=True))),
        min_vcpus=draw(st.integers(0, min(16, fields["max_vcpus"]))),
        scale_down_delay_seconds=draw(st.sampled_from((0, 600, 1200))),
        **fields,
    )


@st.composite
def some_job(draw, job_id, queue_arn):
    """A job that may fit on Fargate, on an instance, or nowhere."""
    vcpus, memory_mib = draw(
        st.one_of(
            st.sampled_from(((0.25, 512), (0.5, 1024), (1, 2048), (2, 4096), (4, 8192))),
            st.tuples(st.integers(1, 20), st.integers(4, 70000)),
        )
    )
    return job(
        job_id,
        queue=queue_arn,
        age=draw(st.integers(0, 100)),
        vcpus=vcpus,
        memory_mib=memory_mib,
        gpus=draw(st.sampled_from((0, 0, 0, 0, 1, 2))),
    )


@st.composite
def some_gang(draw, job_id, queue_arn):
    """A multi-node parallel job with up to six nodes of one or two sizes."""
    size = st.tuples(st.integers(1, 8), st.integers(4, 20000))
    sizes = draw(st.lists(st.sampled_from((draw(size), draw(size))), min_size=1, max_size=6))
    return gang(job_id, *sizes, queue=queue_arn, age=draw(st.integers(0, 100)))


@st.composite
def with_gangs(draw):
    """Snapshots whose queues have multi-node parallel jobs, too, some too large for an engine."""
    made = draw(snapshots())
    queues = [
        replace(
            one,
            jobs=(
                *one.jobs,
                *(draw(some_gang(f"{one.arn}-g{n}", one.arn)) for n in range(draw(st.integers(0, 3)))),
            ),
        )
        for one in made.queues
    ]
    limits = st.sampled_from((None, 2, 4))
    environments = [replace(one, most_nodes=draw(limits)) for one in made.compute_environments]
    return snapshot(queues, environments)


@st.composite
def snapshots(draw, environment_types=("EC2", "SPOT", "FARGATE", "UNMANAGED")):
    """Up to three environments, four queues that share them, and up to eight jobs in each."""
    arns = [f"ce{number}" for number in range(draw(st.integers(1, 3)))]
    environments = [draw(some_environment(arn, environment_types)) for arn in arns]
    queues = []
    for number in range(draw(st.integers(1, 4))):
        arn = f"q{number}"
        queues.append(
            queue(
                *(draw(some_job(f"{arn}-{n}", arn)) for n in range(draw(st.integers(0, 8)))),
                arn=arn,
                priority=draw(st.integers(0, 2)),
                environments=tuple(draw(st.lists(st.sampled_from(arns), unique=True, min_size=1))),
                status=draw(st.sampled_from(("VALID", "VALID", "VALID", "VALID", "DELETING"))),
            )
        )
    return snapshot(queues, environments)
