"""How much capacity an environment should have: more for what waits, less after instances were idle."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from batchyard.scheduler import reasons
from batchyard.scheduler.answers import Desire
from batchyard.scheduler.fit import InstanceRoom, fits_type, never_fits, takes_nodes
from batchyard.scheduler.gangs import by_size, place_nodes
from batchyard.scheduler.snapshot import ComputeEnvironment, Instance, InstanceType, Job, Node

# Sorts after any instance id, so that what is there is used before what is only wished for.
_LAUNCH_ID: Final = "\uffff{number:06}"


class Growth:
    """One managed environment's wishes while a plan is made.

    It goes on in the room that the placements left, to which it adds what is coming; jobs that find no room
    there make it wish for more instances, never past maxvCpus.
    """

    def __init__(self, environment: ComputeEnvironment, room: InstanceRoom) -> None:
        self._environment = environment
        self._room = room
        room.add(each for each in environment.instances if each.state == "PENDING")
        self._types = sorted(
            environment.instance_types, key=lambda each: (each.gpus, each.vcpus, each.memory_mib, each.name)
        )
        self._vcpus = sum(each.vcpus for each in environment.instances)
        # An instance that is on its way out counts against maxvCpus, and no more for minvCpus.
        self._staying_vcpus = sum(each.vcpus for each in environment.instances if each.state != "DRAINING")
        self._launches: Counter[str] = Counter()

    def has_room(self, job: Job) -> bool:
        """Take room that is free, coming or already wished for."""
        if job.nodes:
            return place_nodes(job, self._room) is not None
        return self._room.place(job) is not None

    def grow_nodes(self, job: Job) -> bool:
        """Take room for all nodes of a job, wishing for what is missing; False, and no wish, where not all fit."""
        mark, before = self._room.mark(), (self._vcpus, self._staying_vcpus, self._launches.copy())
        left = job.vcpus
        for _, node in by_size(job.nodes):
            if self._room.place(node) is None and not self.grow(node, demand_vcpus=left):
                self._vcpus, self._staying_vcpus, self._launches = before
                self._room.undo(mark)
                return False
            left -= node.vcpus
        return True

    def grow(self, job: Job | Node, *, demand_vcpus: float) -> bool:
        """Wish for one more instance for this job; False where no type takes it within maxvCpus.

        `demand_vcpus` is what the job and those behind it need together: so large may the instance be.
        """
        headroom = self._environment.max_vcpus - self._vcpus
        fitting = [each for each in self._types if each.vcpus <= headroom and fits_type(job, each)]
        if not fitting:
            return False
        chosen = _best_type(job, fitting, demand_vcpus=demand_vcpus)
        self._room.add_for(job, chosen, instance_id=_LAUNCH_ID.format(number=self._launches.total()))
        self._launch(chosen)
        return True

    def desire(self, now: datetime) -> Desire | None:
        """What the environment should have, or None when it should stay as it is."""
        if self._environment.status in ("VALID", "UPDATING"):
            self._reach_least()
        leaving = self._idle_too_long(now)
        if not leaving and not self._launches:
            return None
        vcpus = self._staying_vcpus - sum(each.vcpus for each in leaving)
        return Desire(
            compute_environment_arn=self._environment.arn,
            desired_vcpus=int(vcpus),
            launch=tuple(sorted(self._launches.items())),
            terminate=tuple(each.instance_id for each in leaving),
        )

    def _reach_least(self) -> None:
        """minvCpus always; what is desired only while the environment is ENABLED (DISABLED, it does not scale out)."""
        least = self._environment.min_vcpus
        if self._environment.state == "ENABLED":
            least = max(least, self._environment.desired_vcpus)
        while self._staying_vcpus < least:
            missing = least - self._staying_vcpus
            headroom = self._environment.max_vcpus - self._vcpus
            possible = [each for each in self._types if each.vcpus <= headroom]
            if not possible:
                return
            # The largest type that is not too much, else the smallest that there is.
            within = [each for each in possible if each.vcpus <= missing]
            self._launch(within[-1] if within else possible[0])

    def _launch(self, instance_type: InstanceType) -> None:
        self._launches[instance_type.name] += 1
        self._vcpus += instance_type.vcpus
        self._staying_vcpus += instance_type.vcpus

    def _idle_too_long(self, now: datetime) -> list[Instance]:
        """Idle instances that may go, longest idle first; those that a job of this plan counts on stay."""
        delay, used = self._environment.scale_down_delay_seconds, self._room.used
        idle = [
            (each.idle_since, each.instance_id, each)
            for each in self._environment.instances
            if each.state == "ACTIVE" and each.idle_since is not None and each.instance_id not in used
            if (now - each.idle_since).total_seconds() >= delay and each.free_vcpus == each.vcpus
        ]
        spare = self._staying_vcpus - self._environment.min_vcpus
        leaving = []
        for _, _, instance in sorted(idle, key=lambda entry: entry[:2]):
            if instance.vcpus <= spare:
                spare -= instance.vcpus
                leaving.append(instance)
        return leaving


def nodes_never_fit(job: Job, environment: ComputeEnvironment) -> str | None:
    """Why this environment, as it is configured, can never run the job with its nodes; None when it could.

    That they run on managed instances which are not Spot alone has no reason of its own in AWS's list.
    """
    if not takes_nodes(environment):
        return reasons.UNDETERMINED
    verdicts = {never_fits(_alone(job, node), environment) for node in job.nodes} - {None}
    if verdicts:
        return max(verdicts, key=lambda verdict: verdict == reasons.JOB_RESOURCE_REQUIREMENT)
    emptied = (
        replace(
            one,
            state="ACTIVE",
            free_vcpus=one.vcpus,
            free_memory_mib=one.memory_mib,
            free_gpus=one.gpus,
        )
        for one in environment.instances
        if one.state != "DRAINING"
    )
    for instances in (tuple(emptied), ()):
        whole = replace(environment, instances=instances)
        if Growth(whole, InstanceRoom(whole)).grow_nodes(job):
            return None
    return reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE


def _alone(job: Job, node: Node) -> Job:
    return replace(job, vcpus=node.vcpus, memory_mib=node.memory_mib, gpus=node.gpus, nodes=())


def _best_type(job: Job | Node, fitting: Sequence[InstanceType], *, demand_vcpus: float) -> InstanceType:
    """The type that jobs like this fill best, as large as the demand; the smallest where all are larger.

    `fitting` is in order of size. Types with more GPUs than the first are left alone. Our rule, not AWS's,
    whose allocation strategies go by price.
    """
    smallest = fitting[0]
    within = [each for each in fitting if each.gpus == smallest.gpus and each.vcpus <= demand_vcpus]
    return max(within, key=lambda each: (_filled(job, each), each.vcpus, -each.memory_mib), default=smallest)


def _filled(job: Job | Node, instance_type: InstanceType) -> float:
    """The part of the type's vCPUs that copies of this job can use."""
    by_vcpus, by_memory = instance_type.vcpus // job.vcpus, instance_type.memory_mib // job.memory_mib
    return min(by_vcpus, by_memory) * job.vcpus / instance_type.vcpus
