"""Single jobs, arrays and gangs with dependencies, through the plan and the engine's admission, against a small model.

The model knows what may never be: a job that begins before what it waits for, half of a gang, an instance or a machine
that is overfull. When nothing more is submitted, everything ends but what is larger than the engine, and what waits
for that.
"""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from batchyard.engines.admission import Admission
from batchyard.engines.contract import Capacity, ContainerSpec, Group, Limits, TaskSpec
from batchyard.scheduler import InstanceType, plan, reasons
from batchyard.scheduler.arrays import child_id, parent_status
from batchyard.scheduler.dependencies import Readiness, awaited_index, readiness
from scheduler import make

SLOTS = 4
MAX_VCPUS = 12
ENDED = ("SUCCEEDED", "FAILED")


@dataclass
class Job:
    """What the model knows of a job, or of an array's child."""

    order: int
    nodes: tuple[int, ...]
    """The vCPUs of each; one of a job that is no gang."""
    is_gang: bool = False
    waits_for: list[str] = field(default_factory=list)
    status: str = "PENDING"
    where: dict[int, str] = field(default_factory=dict)
    """The instance of each node that has a task."""
    runs: set[int] = field(default_factory=set)


class Machine(RuleBasedStateMachine):
    """Submits, plans, and lets jobs end, in any order."""

    def __init__(self):
        super().__init__()
        self.jobs: dict[str, Job] = {}
        self.arrays: dict[str, int] = {}
        self.instances: dict[str, InstanceType] = {}
        self.made = 0
        self.admission = Admission(Capacity(slots=SLOTS, vcpus=64, memory_mib=64000))
        self.reasons: dict[str, str | None] = {}

    # What users do.

    @rule(vcpus=st.integers(1, 4), data=st.data())
    def submit(self, vcpus, data):
        self._add(f"j{len(self.jobs):03}", (vcpus,), self._some(data))

    @rule(sizes=st.lists(st.integers(1, 2), min_size=1, max_size=6), data=st.data())
    def submit_gang(self, sizes, data):
        name = f"g{len(self.jobs):03}"
        self._add(name, tuple(sizes), self._some(data), is_gang=True)

    @rule(size=st.integers(2, 4), kind=st.sampled_from(("", "SEQUENTIAL", "N_TO_N")), data=st.data())
    def submit_array(self, size, kind, data):
        name = f"a{len(self.jobs):03}"
        waits_for = self._some(data)
        same = [one for one, other in self.arrays.items() if other == size]
        beside = data.draw(st.sampled_from(same)) if kind == "N_TO_N" and same else None
        for index in range(size):
            on = list(waits_for)
            other = awaited_index("SEQUENTIAL", index=index) if kind == "SEQUENTIAL" else None
            on += [child_id(name, other)] if other is not None else []
            on += [child_id(beside, index)] if beside else []
            self._add(child_id(name, index), (1,), on)
        self.arrays[name] = size

    def _some(self, data):
        """Up to two that are waited for: jobs, children, and whole arrays."""
        names = [*self.jobs, *self.arrays]
        return data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True)) if names else []

    def _add(self, name, nodes, waits_for, *, is_gang=False):
        self.jobs[name] = Job(len(self.jobs), nodes, is_gang, waits_for)

    def _status(self, name):
        if name not in self.arrays:
            return self.jobs[name].status
        children = (self.jobs[child_id(name, index)].status for index in range(self.arrays[name]))
        return parent_status(Counter(children)).status

    # What the system does.

    @rule()
    def step(self):
        """Judge what waits, make a plan, and do what it says."""
        for job in self.jobs.values():
            if job.status == "PENDING":
                verdict = readiness(self._status(one) for one in job.waits_for)
                changes = {Readiness.RUN: "RUNNABLE", Readiness.FAIL: "FAILED"}
                job.status = changes.get(verdict, "PENDING")
        made = plan(self._snapshot(), make.NOW)
        self.reasons = {wait.job_id: wait.reason for wait in made.waits}
        for place in made.placements:
            self._start(place)
        for desire in made.capacity:
            for instance_id in desire.terminate:
                del self.instances[instance_id]
            for name, count in desire.launch:
                for _ in range(count):
                    self.made += 1
                    kind = next(one for one in (make.LARGE, make.XLARGE) if one.name == name)
                    self.instances[f"i-{self.made:03}"] = kind

    def _snapshot(self):
        waiting = [self._waiting(name, job) for name, job in self.jobs.items() if job.status == "RUNNABLE"]
        instances = [
            make.instance(
                one,
                kind,
                used_vcpus=self._used(one),
                idle_since=make.NOW if not self._used(one) else None,
            )
            for one, kind in self.instances.items()
        ]
        environment = make.environment(
            *instances, max_vcpus=MAX_VCPUS, most_nodes=SLOTS, scale_down_delay_seconds=0
        )
        return make.snapshot(make.queue(*waiting), environment)

    def _waiting(self, name, job):
        age = 1000 - job.order
        sizes = [(vcpus, 4) for vcpus in job.nodes]
        if job.is_gang:
            return make.gang(name, *sizes, age=age)
        return make.job(name, vcpus=job.nodes[0], memory_mib=4, age=age)

    def _used(self, instance_id):
        return sum(
            job.nodes[node]
            for job in self.jobs.values()
            for node, where in job.where.items()
            if where == instance_id
        )

    def _start(self, place):
        job = self.jobs[place.job_id]
        assert job.status == "RUNNABLE"
        job.status = "STARTING"
        job.where = dict(enumerate(place.node_instance_ids or (place.instance_id,)))
        specs = [self._spec(place.job_id, job, node) for node in range(len(job.nodes))]
        # A gang's tasks come to the engine in any order and in several calls.
        for spec in reversed(specs):
            self._began(self.admission.take([spec]))

    def _spec(self, name, job, node):
        group = Group(kind="gang", name=name, index=node, size=len(job.nodes)) if job.is_gang else None
        container = ContainerSpec(name="c", image="x", command=("x",), limits=Limits(vcpus=job.nodes[node]))
        return TaskSpec(
            attempt=f"{name.replace(':', '_')}-{node}", account="1", containers=(container,), group=group
        )

    def _began(self, specs):
        for spec in specs:
            name, _, node = spec.attempt.replace("_", ":").rpartition("-")
            job = self.jobs[name]
            job.runs.add(int(node))
            if len(job.runs) == len(job.nodes):
                job.status = "RUNNING"

    @precondition(lambda self: any(job.status == "RUNNING" for job in self.jobs.values()))
    @rule(data=st.data(), succeeds=st.booleans())
    def end(self, data, succeeds):
        """A job ends, as its main node does; with it the other nodes."""
        running = [name for name, job in self.jobs.items() if job.status == "RUNNING"]
        self._end(data.draw(st.sampled_from(running)), succeeds)

    def _end(self, name, succeeds):
        job = self.jobs[name]
        job.status = "SUCCEEDED" if succeeds else "FAILED"
        attempts = [f"{name.replace(':', '_')}-{node}" for node in job.runs]
        job.where, job.runs = {}, set()
        self._began(self.admission.give_back(attempts))

    # What always holds.

    @invariant()
    def no_half_of_a_gang(self):
        for job in self.jobs.values():
            assert len(job.where) in (0, len(job.nodes))
            assert len(job.runs) in (0, len(job.nodes))

    @invariant()
    def nothing_is_overfull(self):
        assert sum(kind.vcpus for kind in self.instances.values()) <= MAX_VCPUS
        assert all(self._used(one) <= kind.vcpus for one, kind in self.instances.items())
        assert sum(len(job.runs) for job in self.jobs.values()) <= SLOTS
        used = {where for job in self.jobs.values() for where in job.where.values()}
        assert used <= self.instances.keys()

    @invariant()
    def nobody_begins_before_what_it_waits_for(self):
        for job in self.jobs.values():
            if job.status in ("RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"):
                assert all(self._status(one) == "SUCCEEDED" for one in job.waits_for)

    def teardown(self):
        """Everything ends in a while, but what is larger than the engine, and what waits for that."""
        for _ in range(4 * len(self.jobs) + 4):
            self.step()
            for name in [name for name, job in self.jobs.items() if job.status == "RUNNING"]:
                self._end(name, True)
        too_large = {name for name, job in self.jobs.items() if len(job.nodes) > SLOTS}
        for name, job in self.jobs.items():
            if name in too_large and job.status == "RUNNABLE":
                assert self.reasons[name] == reasons.ENGINE_NODES.format(most=SLOTS)
            elif job.status == "PENDING":
                assert any(self._status(one) not in ENDED for one in job.waits_for), (name, job)
            else:
                assert job.status in ENDED, (name, job)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
