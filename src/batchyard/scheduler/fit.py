"""vCPU, memory, GPU: could a job ever run in an environment, and where is there room for it now?"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from batchyard.scheduler import reasons
from batchyard.scheduler.answers import Place
from batchyard.scheduler.snapshot import ComputeEnvironment, Instance, InstanceType, Job, Node

# vCPU → MiB of memory that Fargate offers with it (batch-jobs.md section 7).
FARGATE_MEMORY_MIB: Final[dict[float, frozenset[int]]] = {
    0.25: frozenset((512, 1024, 2048)),
    0.5: frozenset(range(1024, 4096 + 1, 1024)),
    1.0: frozenset(range(2048, 8192 + 1, 1024)),
    2.0: frozenset(range(4096, 16384 + 1, 1024)),
    4.0: frozenset(range(8192, 30720 + 1, 1024)),
    8.0: frozenset(range(16384, 61440 + 1, 4096)),
    16.0: frozenset(range(32768, 122880 + 1, 8192)),
}


def is_fargate_pair(vcpus: float, memory_mib: int) -> bool:
    """True when Fargate offers this much memory with this many vCPUs."""
    return memory_mib in FARGATE_MEMORY_MIB.get(float(vcpus), ())


def fits_type(job: Job | Node, instance_type: InstanceType | Instance) -> bool:
    """True when the job fits an empty instance like this."""
    return (
        job.vcpus <= instance_type.vcpus
        and job.memory_mib <= instance_type.memory_mib
        and job.gpus <= instance_type.gpus
    )


def is_able(job: Job, environment: ComputeEnvironment) -> bool:
    """True when the engine behind the environment makes true all that the job needs, and takes all of its nodes."""
    if job.nodes and not (takes_nodes(environment) and has_enough_nodes(job, environment)):
        return False
    return environment.abilities is not None and job.needs <= environment.abilities


def takes_nodes(environment: ComputeEnvironment) -> bool:
    """True when multi-node parallel jobs run there: on managed EC2 instances that are not Spot [doc: user guide,
    compute environment considerations]."""
    return environment.type == "EC2"


def has_enough_nodes(job: Job, environment: ComputeEnvironment) -> bool:
    """True when the engine behind the environment can run so many nodes at once."""
    return environment.most_nodes is None or len(job.nodes) <= environment.most_nodes


def never_fits(job: Job, environment: ComputeEnvironment) -> str | None:
    """Why this environment, as it is configured, can never run the job; None when it could.

    An UNMANAGED environment is never ruled out: its owner may register a larger instance at any time.
    An environment stays within maxvCpus here, also with strategies where AWS may pass it by one instance.
    """
    if not is_able(job, environment):
        if environment.abilities is None:
            return reasons.ENGINE_ABILITIES.format(needs="an engine that is open")
        needs = ", ".join(sorted(job.needs - environment.abilities))
        return reasons.ENGINE_ABILITIES.format(needs=needs)
    if environment.type == "UNMANAGED":
        return None
    if environment.is_fargate:
        if job.gpus or not is_fargate_pair(job.vcpus, job.memory_mib):
            return reasons.JOB_RESOURCE_REQUIREMENT
        return reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE if job.vcpus > environment.max_vcpus else None
    if any(instance.state != "DRAINING" and fits_type(job, instance) for instance in environment.instances):
        return None
    fitting = [each.vcpus for each in environment.instance_types if fits_type(job, each)]
    if not fitting:
        return reasons.JOB_RESOURCE_REQUIREMENT
    return reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE if min(fitting) > environment.max_vcpus else None


Verdict = Callable[[Job, ComputeEnvironment], str | None]
"""Why an environment can never run a job, None when it could: `never_fits`, or that of jobs with nodes."""


def waiting_reason(
    job: Job, environments: Sequence[ComputeEnvironment], *, never: Verdict = never_fits
) -> str | None:
    """Why the front of a queue with these environments waits; None when it only waits for its turn."""
    valid = [each for each in environments if each.status not in ("INVALID", "DELETING", "DELETED")]
    if not valid:
        return reasons.INVALID_COMPUTE_ENVIRONMENTS
    verdicts = [(each, never(job, each)) for each in valid]
    possible = [each for each, verdict in verdicts if verdict is None]
    if not possible:
        # Raising maxvCpus is the smaller change, so where it would do, it is what to name.
        told = [verdict for _, verdict in verdicts if verdict is not None]
        for smaller in (reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE, reasons.JOB_RESOURCE_REQUIREMENT):
            if smaller in told:
                return smaller
        return told[0]
    if all(each.state == "DISABLED" for each in possible):
        return reasons.UNDETERMINED  # [guess]: no text of AWS's for an environment switched off was found
    learned = [each.wait_reason for each in possible if each.state == "ENABLED"]
    return learned[0] if all(learned) else None


class Room(Protocol):
    """What is still free in one environment while a plan is made."""

    def place(self, job: Job) -> Place | None:
        """Take room for the job and say where, or None when there is not enough now."""


class FargateRoom:
    """Room on Fargate: vCPUs up to maxvCpus, in the pairs that Fargate offers."""

    def __init__(self, environment: ComputeEnvironment) -> None:
        self._arn = environment.arn
        self._free_vcpus = environment.max_vcpus - environment.used_vcpus

    def place(self, job: Job) -> Place | None:
        if job.vcpus > self._free_vcpus or job.gpus or not is_fargate_pair(job.vcpus, job.memory_mib):
            return None
        self._free_vcpus -= job.vcpus
        return Place(job.job_id, self._arn, None)


class InstanceRoom:
    """Room on instances; a job goes to the instance that it fills best.

    Best means: fewest free GPUs, then fewest free vCPUs, then least free memory, then the smallest id. So
    jobs without GPUs keep away from GPU instances while they can, and empty instances stay empty and may be
    given back.
    """

    def __init__(self, environment: ComputeEnvironment) -> None:
        self._arn = environment.arn
        self._free = sorted(_free(each) for each in environment.instances if each.state == "ACTIVE")
        self.used: set[str] = set()

    def add(self, instances: Iterable[Instance]) -> None:
        """Count these instances' free amounts too."""
        for instance in instances:
            insort(self._free, _free(instance))

    def mark(self) -> tuple[list[tuple[int, float, int, str]], set[str]]:
        """What is free now, for `undo`."""
        return list(self._free), set(self.used)

    def undo(self, mark: tuple[list[tuple[int, float, int, str]], set[str]]) -> None:
        """Give back what was taken since."""
        self._free, self.used = mark

    def add_for(self, job: Job | Node, instance_type: InstanceType, *, instance_id: str) -> None:
        """Count a new instance of this type too, with the job, which must fit it, already on it."""
        left = (instance_type.gpus - job.gpus, instance_type.vcpus - job.vcpus)
        insort(self._free, (*left, instance_type.memory_mib - job.memory_mib, instance_id))

    def place(self, job: Job | Node) -> Place | None:
        free, vcpus, memory_mib = self._free, job.vcpus, job.memory_mib
        at = bisect_left(free, (job.gpus, vcpus, memory_mib, ""))
        while at < len(free):
            free_gpus, free_vcpus, free_memory_mib, instance_id = free[at]
            if free_vcpus >= vcpus and free_memory_mib >= memory_mib:
                del free[at]
                left = (free_gpus - job.gpus, free_vcpus - vcpus, free_memory_mib - memory_mib, instance_id)
                insort(free, left, 0, at)
                self.used.add(instance_id)
                return Place(job.job_id, self._arn, instance_id)
            # On to the first with enough of the rest, among those with as many GPUs and vCPUs as this.
            at = bisect_left(free, (free_gpus, max(vcpus, free_vcpus), memory_mib, ""), at)
        return None


def _free(instance: Instance) -> tuple[int, float, int, str]:
    return (instance.free_gpus, instance.free_vcpus, instance.free_memory_mib, instance.instance_id)
