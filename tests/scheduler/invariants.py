"""What holds of every plan, whatever the snapshot: for the property tests and each simulated step."""

from collections import Counter

from batchyard.scheduler import Plan, Snapshot
from batchyard.scheduler.fit import fits_type, is_fargate_pair


def check(snapshot: Snapshot, made: Plan) -> None:
    """Assert that no job is forgotten, nothing is over its capacity, and order is kept."""
    every_job_has_one_answer(snapshot, made)
    no_instance_is_over_capacity(snapshot, made)
    no_environment_is_over_max(snapshot, made)
    only_idle_instances_leave(snapshot, made)
    first_in_first_out(snapshot, made)


def every_job_has_one_answer(snapshot, made):
    asked = Counter(job.job_id for queue in snapshot.queues for job in queue.jobs)
    answered = Counter(each.job_id for each in (*made.placements, *made.waits, *made.fails))
    assert answered == asked


def no_instance_is_over_capacity(snapshot, made):
    jobs = {job.job_id: job for queue in snapshot.queues for job in queue.jobs}
    queues = {queue.arn: queue for queue in snapshot.queues}
    environments = {each.arn: each for each in snapshot.compute_environments}
    instances = {
        (each.arn, instance.instance_id): instance
        for each in snapshot.compute_environments
        for instance in each.instances
    }
    free_vcpus = {key: each.free_vcpus for key, each in instances.items()}
    free_memory_mib = {key: each.free_memory_mib for key, each in instances.items()}
    free_gpus = {key: each.free_gpus for key, each in instances.items()}
    for place in made.placements:
        job, environment = jobs[place.job_id], environments[place.compute_environment_arn]
        assert environment.arn in queues[job.queue_arn].compute_environments
        assert environment.state == "ENABLED"
        assert environment.status in ("VALID", "UPDATING")
        if environment.is_fargate:
            assert place.instance_id is None
            assert is_fargate_pair(job.vcpus, job.memory_mib)
            assert job.gpus == 0
            continue
        for instance_id, taking in _taken(place, job):
            key = (environment.arn, instance_id)
            assert instances[key].state == "ACTIVE"
            free_vcpus[key] -= taking.vcpus
            free_memory_mib[key] -= taking.memory_mib
            free_gpus[key] -= taking.gpus
            assert min(free_vcpus[key], free_memory_mib[key], free_gpus[key]) >= 0


def _taken(place, job):
    """What takes room where: the job, or each of its nodes, of which none is left out."""
    if not job.nodes:
        return [(place.instance_id, job)]
    return list(zip(place.node_instance_ids, job.nodes, strict=True))


def no_environment_is_over_max(snapshot, made):
    jobs = {job.job_id: job for queue in snapshot.queues for job in queue.jobs}
    placed: Counter[str] = Counter()
    for place in made.placements:
        placed[place.compute_environment_arn] += jobs[place.job_id].vcpus
    desires = {each.compute_environment_arn: each for each in made.capacity}
    assert len(desires) == len(made.capacity)
    for environment in snapshot.compute_environments:
        if environment.is_fargate and placed[environment.arn]:
            assert environment.used_vcpus + placed[environment.arn] <= environment.max_vcpus
        desire = desires.get(environment.arn)
        if desire is None:
            continue
        assert environment.type in ("EC2", "SPOT", "EKS")
        vcpus = {each.name: each.vcpus for each in environment.instance_types}
        leaving = sum(each.vcpus for each in environment.instances if each.instance_id in desire.terminate)
        arriving = sum(vcpus[name] * count for name, count in desire.launch)
        there = sum(each.vcpus for each in environment.instances)
        staying = sum(each.vcpus for each in environment.instances if each.state != "DRAINING")
        assert desire.desired_vcpus == staying + arriving - leaving
        assert not arriving or there + arriving <= environment.max_vcpus
        assert not leaving or desire.desired_vcpus >= environment.min_vcpus
        assert arriving or leaving


def only_idle_instances_leave(snapshot, made):
    instances = {
        (each.arn, instance.instance_id): instance
        for each in snapshot.compute_environments
        for instance in each.instances
    }
    in_use = {
        (place.compute_environment_arn, instance_id)
        for place in made.placements
        for instance_id in (place.instance_id, *place.node_instance_ids)
    }
    for desire in made.capacity:
        for instance_id in desire.terminate:
            key = (desire.compute_environment_arn, instance_id)
            assert key not in in_use
            assert instances[key].state == "ACTIVE"
            assert instances[key].idle_since is not None
            assert instances[key].free_vcpus == instances[key].vcpus


def first_in_first_out(snapshot, made):
    """In a queue without a policy the oldest are placed, and one of those that wait is at its front.

    Jobs with more nodes than an engine runs at once stand beside.
    """
    placed = [place.job_id for place in made.placements]
    fronts = {wait.job_id for wait in made.waits if wait.at_front}
    beside = {wait.job_id for wait in made.waits if wait.reason is not None and not wait.at_front}
    assert all("ENGINE_NODES" in wait.reason for wait in made.waits if wait.job_id in beside)
    waiting = {wait.job_id for wait in made.waits} - beside
    for queue in snapshot.queues:
        mine = {job.job_id for job in queue.jobs} - beside
        assert len(fronts & mine) == (1 if waiting & mine else 0)
        if queue.scheduling_policy is None and not mine <= {fail.job_id for fail in made.fails}:
            by_age = sorted(queue.jobs, key=lambda job: (job.created_at, job.job_id))
            oldest = [job.job_id for job in by_age if job.job_id in mine]
            mine_placed = [job_id for job_id in placed if job_id in mine]
            assert mine_placed == oldest[: len(mine_placed)]


def could_run_somewhere(job, environment):
    """A plain reading of 'could ever fit': a whole instance that is there or may be had takes the job."""
    if environment.status in ("INVALID", "DELETING", "DELETED"):
        return False
    if environment.is_fargate:
        return (
            is_fargate_pair(job.vcpus, job.memory_mib) and not job.gpus and job.vcpus <= environment.max_vcpus
        )
    if environment.type == "UNMANAGED":
        return True
    there = [each for each in environment.instances if each.state != "DRAINING"]
    to_be_had = [each for each in environment.instance_types if each.vcpus <= environment.max_vcpus]
    return any(fits_type(job, each) for each in (*there, *to_be_had))


def has_room_now(job, environment):
    """A plain reading of 'fits now'."""
    if environment.state != "ENABLED" or environment.status not in ("VALID", "UPDATING"):
        return False
    if environment.is_fargate:
        room = environment.max_vcpus - environment.used_vcpus
        return is_fargate_pair(job.vcpus, job.memory_mib) and not job.gpus and job.vcpus <= room
    return any(
        job.vcpus <= each.free_vcpus and job.memory_mib <= each.free_memory_mib and job.gpus <= each.free_gpus
        for each in environment.instances
        if each.state == "ACTIVE"
    )
