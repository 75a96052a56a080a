"""A virtual clock over plan(): runs a workload in seconds of simulated time and tells what happened when."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from batchyard.scheduler import (
    ComputeEnvironment,
    Instance,
    InstanceType,
    Job,
    Queue,
    SchedulingPolicy,
    Share,
    Snapshot,
    plan,
)
from batchyard.scheduler.shares import accrued
from scheduler import invariants

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Running:
    """A job that was placed."""

    job: Job
    environment: str
    instance_id: str | None
    ends_at: int


@dataclass
class Trace:
    """What happened: seconds from the beginning for each job, the reason it last waited with, and peaks."""

    started: dict[str, int] = field(default_factory=dict)
    finished: dict[str, int] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str | None] = field(default_factory=dict)
    peak_vcpus: Counter[str] = field(default_factory=Counter)
    vcpu_seconds: Counter[str] = field(default_factory=Counter)  # by share, or by queue where there is none
    instances_left: dict[str, int] = field(default_factory=dict)
    launched: Counter[str] = field(default_factory=Counter)
    running: list[tuple[int, dict[str, float]]] = field(default_factory=list)  # vCPUs by share at each tick


class Simulation:
    """One workload (see tests/corpus/scheduler): jobs arrive, instances boot, jobs end, instances go."""

    def __init__(self, workload: dict) -> None:
        self.tick = workload.get("tick_seconds", 10)
        self.until = workload["until_seconds"]
        self.boot_seconds = workload.get("boot_seconds", 60)
        self.front = workload.get("front", 200)  # how much of each line a snapshot holds
        types = {
            name: InstanceType(name=name, vcpus=vcpus, memory_mib=memory_mib, gpus=gpus)
            for name, (vcpus, memory_mib, gpus) in workload.get("instance_types", {}).items()
        }
        self.environments = {arn: _environment(arn, e, types) for arn, e in workload["environments"].items()}
        self.policies = {arn: _policy(queue) for arn, queue in workload["queues"].items()}
        self.queues = {arn: _queue(arn, q, self.policies[arn]) for arn, q in workload["queues"].items()}
        self.arrivals, self.seconds = _jobs(workload["jobs"])
        self.waiting: dict[str, list[Job]] = {arn: [] for arn in self.queues}
        self.running: list[Running] = []
        self.ready_at: dict[str, int] = {}
        self.usage: dict[tuple[str, str], float] = {}
        self.trace = Trace()

    def run(self) -> Trace:
        """Every tick: what ended, what booted, who arrived, then a plan, checked and carried out."""
        for at in range(0, self.until + 1, self.tick):
            self._end_jobs(at)
            self._boot(at)
            self._arrive(at)
            snapshot = self._snapshot(at)
            made = plan(snapshot, BEGIN + timedelta(seconds=at))
            invariants.check(snapshot, made)
            self._place(made.placements, at)
            self._scale(made.capacity, at)
            self.trace.reasons.update((wait.job_id, wait.reason) for wait in made.waits if wait.at_front)
            self._account(at)
        self.trace.instances_left = {arn: len(each.instances) for arn, each in self.environments.items()}
        return self.trace

    def _end_jobs(self, at):
        for each in [each for each in self.running if each.ends_at <= at]:
            self.running.remove(each)
            self.trace.finished[each.job.job_id] = at
            self._load(each, sign=-1, idle_since=BEGIN + timedelta(seconds=at))

    def _boot(self, at):
        booted = {instance_id for instance_id, ready_at in self.ready_at.items() if ready_at <= at}
        for arn, environment in self.environments.items():
            instances = tuple(
                replace(each, state="ACTIVE", idle_since=BEGIN + timedelta(seconds=at))
                if each.instance_id in booted and each.state == "PENDING"
                else each
                for each in environment.instances
            )
            self.environments[arn] = replace(environment, instances=instances)

    def _arrive(self, at):
        while self.arrivals and self.arrivals[0].created_at < BEGIN + timedelta(seconds=at + 1):
            job = self.arrivals.pop(0)
            self.waiting[job.queue_arn].append(job)

    def _snapshot(self, at):
        now = BEGIN + timedelta(seconds=at)
        queues = []
        for arn, queue in self.queues.items():
            running: dict[str | None, float] = {}
            for each in self.running:
                if each.job.queue_arn == arn:
                    running[each.job.share_identifier] = (
                        running.get(each.job.share_identifier, 0) + each.job.vcpus
                    )
            shares = tuple(
                Share(
                    share_identifier=share,
                    usage_vcpu_seconds=usage,
                    usage_at=now,
                    running_vcpus=running.get(share, 0),
                )
                for (queue_arn, share), usage in self.usage.items()
                if queue_arn == arn
            )
            queues.append(replace(queue, jobs=tuple(self._front(arn)), shares=shares))
        return Snapshot(queues=tuple(queues), compute_environments=tuple(self.environments.values()))

    def _front(self, arn):
        if self.policies[arn] is None:
            return self.waiting[arn][: self.front]
        taken: Counter[str | None] = Counter()
        front = []
        for job in self.waiting[arn]:
            taken[job.share_identifier] += 1
            if taken[job.share_identifier] <= self.front:
                front.append(job)
        return front

    def _place(self, placements, at):
        jobs = {job.job_id: job for waiting in self.waiting.values() for job in waiting}
        for job_id, environment, instance_id, _ in placements:
            job = jobs[job_id]
            self.waiting[job.queue_arn].remove(job)
            running = Running(job, environment, instance_id, at + self.seconds[job_id])
            self.running.append(running)
            self.trace.started[job_id] = at
            self.trace.where[job_id] = environment
            self._load(running, sign=1, idle_since=None)

    def _load(self, running, *, sign, idle_since):
        environment, job = self.environments[running.environment], running.job
        if running.instance_id is None:
            used_vcpus = environment.used_vcpus + sign * job.vcpus
            self.environments[running.environment] = replace(environment, used_vcpus=used_vcpus)
            return
        instances = []
        for each in environment.instances:
            if each.instance_id == running.instance_id:
                free_vcpus = each.free_vcpus - sign * job.vcpus
                each = replace(
                    each,
                    free_vcpus=free_vcpus,
                    free_memory_mib=each.free_memory_mib - sign * job.memory_mib,
                    free_gpus=each.free_gpus - sign * job.gpus,
                    idle_since=idle_since if free_vcpus == each.vcpus else None,
                )
            instances.append(each)
        self.environments[running.environment] = replace(environment, instances=tuple(instances))

    def _scale(self, desires, at):
        for desire in desires:
            environment = self.environments[desire.compute_environment_arn]
            types = {each.name: each for each in environment.instance_types}
            instances = [each for each in environment.instances if each.instance_id not in desire.terminate]
            for name, count in desire.launch:
                for _ in range(count):
                    instance_id = f"i-{self.trace.launched.total():05}"
                    self.trace.launched[name] += 1
                    self.ready_at[instance_id] = at + self.boot_seconds
                    instances.append(_pending(instance_id, types[name]))
            self.environments[environment.arn] = replace(environment, instances=tuple(instances))

    def _account(self, at):
        for arn, environment in self.environments.items():
            vcpus = environment.used_vcpus + sum(each.vcpus for each in environment.instances)
            self.trace.peak_vcpus[arn] = max(self.trace.peak_vcpus[arn], vcpus)
        running: dict[tuple[str, str], float] = defaultdict(float)
        for each in self.running:
            running[each.job.queue_arn, each.job.share_identifier or each.job.queue_arn] += each.job.vcpus
        for (_, share), vcpus in running.items():
            self.trace.vcpu_seconds[share] += vcpus * self.tick
        self.trace.running.append((at, {share: vcpus for (_, share), vcpus in running.items()}))
        for key in {*self.usage, *(key for key in running if self.policies[key[0]] is not None)}:
            self.usage[key] = accrued(
                self.usage.get(key, 0.0),
                running_vcpus=running[key],
                elapsed_seconds=self.tick,
                share_decay_seconds=self.policies[key[0]].share_decay_seconds,
            )


def _environment(arn, fields, types):
    fields = {**fields, "instance_types": tuple(types[name] for name in fields.get("instance_types", ()))}
    return ComputeEnvironment(arn=arn, **fields)


def _policy(queue):
    policy = queue.get("scheduling_policy")
    if policy is None:
        return None
    return SchedulingPolicy(**{**policy, "weights": tuple(policy.get("weights", {}).items())})


def _queue(arn, fields, policy):
    return Queue(
        arn=arn,
        name=arn,
        priority=fields.get("priority", 1),
        compute_environments=tuple(fields["compute_environments"]),
        jobs=(),
        scheduling_policy=policy,
    )


def _jobs(groups):
    """Jobs in order of arrival, and how long each runs; a group is `count` equal jobs named <name>-<number>."""
    jobs: list[Job] = []
    seconds: dict[str, float] = {}
    for name, group in groups.items():
        for number in range(group.get("count", 1)):
            at = group.get("at", 0) + number * group.get("every_seconds", 0)
            job = Job(
                job_id=f"{name}-{number:05}",
                queue_arn=group["queue"],
                vcpus=group["vcpus"],
                memory_mib=group["memory_mib"],
                gpus=group.get("gpus", 0),
                share_identifier=group.get("share"),
                scheduling_priority=group.get("scheduling_priority", 0),
                created_at=BEGIN + timedelta(seconds=at, microseconds=len(jobs)),
            )
            jobs.append(job)
            seconds[job.job_id] = group["seconds"]
    return sorted(jobs, key=lambda job: (job.created_at, job.job_id)), seconds


def _pending(instance_id, instance_type):
    return Instance(
        instance_id=instance_id,
        instance_type=instance_type.name,
        vcpus=instance_type.vcpus,
        memory_mib=instance_type.memory_mib,
        gpus=instance_type.gpus,
        free_vcpus=instance_type.vcpus,
        free_memory_mib=instance_type.memory_mib,
        free_gpus=instance_type.gpus,
        state="PENDING",
    )
