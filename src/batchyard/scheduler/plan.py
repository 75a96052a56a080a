"""plan(snapshot, now) → Plan: every job gets an answer, and capacity follows from what is left waiting."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from batchyard.scheduler import reasons
from batchyard.scheduler.answers import Fail, Place, Plan, Wait
from batchyard.scheduler.consuming import Left
from batchyard.scheduler.fit import FargateRoom, InstanceRoom, Room, is_able, never_fits, waiting_reason
from batchyard.scheduler.gangs import is_beyond_engines, place_nodes
from batchyard.scheduler.order import FairShareLine, FifoLine, Line, serve
from batchyard.scheduler.scaling import Growth, nodes_never_fit
from batchyard.scheduler.snapshot import ComputeEnvironment, Job, Queue, Snapshot

Environments = Mapping[str, ComputeEnvironment]


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """Decide for every job of the snapshot. Pure and deterministic: equal arguments give an equal plan.

    A job goes to the first environment, in its queue's order, that has room for it now; a job with several nodes
    where all of them find some. The first that finds none holds up its queue (see `order`), unless it has more
    nodes than any of the queue's engines runs at once. Then the same walk is made once more in thought, with what is
    coming and could be launched, to see what each environment should have.
    """
    environments = {each.arn: each for each in snapshot.compute_environments}
    # 1. What is free, and who is in line.
    rooms = {arn: _room(each) for arn, each in environments.items()}
    ending = [queue for queue in snapshot.queues if _is_ending(queue)]
    beside = {queue.arn: _beside(queue, environments) for queue in snapshot.queues if not _is_ending(queue)}
    lines = [
        _line(_without(queue, beside[queue.arn]), environments, now)
        for queue in snapshot.queues
        if not _is_ending(queue)
    ]
    fails = tuple(Fail(job.job_id, reasons.JOB_QUEUE_DELETED) for queue in ending for job in queue.jobs)
    # 2. Place what fits.
    left = Left(snapshot.consumables)
    placements = _place(lines, environments, rooms, left)
    # 3. Say of each that waits why.
    waits = tuple(
        wait
        for line in lines
        for wait in (*_waits(line, environments, left), *beside[line.queue.arn].values())
    )
    # 4. Wish for what they need; give back what nobody does.
    growths = {
        arn: Growth(environments[arn], room)
        for arn, room in rooms.items()
        if isinstance(room, InstanceRoom) and environments[arn].type != "UNMANAGED"
    }
    _grow(lines, environments, growths, left)
    desires = (growth.desire(now) for growth in growths.values())
    return Plan(
        placements=placements,
        waits=waits,
        fails=fails,
        capacity=tuple(desire for desire in desires if desire is not None),
    )


def _place(
    lines: list[Line], environments: Environments, rooms: Mapping[str, Room], left: Left
) -> tuple[Place, ...]:
    placements: list[Place] = []
    open_to = {
        line.queue.arn: [(each, rooms[each.arn]) for each in _accepting(line.queue, environments)]
        for line in lines
    }

    def take(line: Line, job: Job) -> bool:
        if (isinstance(line, FairShareLine) and line.is_held_back()) or not left.covers(job):
            return False
        for environment, room in open_to[line.queue.arn]:
            place = _placed(job, room) if is_able(job, environment) else None
            if place is not None:
                placements.append(place)
                left.take(job)
                return True
        return False

    serve(lines, take)
    return tuple(placements)


def _grow(lines: list[Line], environments: Environments, growths: Mapping[str, Growth], left: Left) -> None:
    open_to = {
        line.queue.arn: [
            (each, growths[each.arn]) for each in _accepting(line.queue, environments) if each.arn in growths
        ]
        for line in lines
    }

    def take(line: Line, job: Job) -> bool:
        if (isinstance(line, FairShareLine) and line.is_held_back()) or not left.covers(job):
            return False
        left.take(job)
        possible = [growth for each, growth in open_to[line.queue.arn] if is_able(job, each)]
        for each in possible:
            if each.has_room(job):
                return True
        if job.nodes:
            return any(each.grow_nodes(job) for each in possible)
        demand_vcpus = line.waiting_vcpus
        return any(each.grow(job, demand_vcpus=demand_vcpus) for each in possible)

    serve(lines, take)


def _waits(line: Line, environments: Environments, left: Left) -> list[Wait]:
    if line.front is None:
        return []
    remaining = line.remaining()
    attached = [environments[arn] for arn in line.queue.compute_environments if arn in environments]
    never = nodes_never_fit if line.front.nodes else never_fits
    reason = waiting_reason(line.front, attached, never=never)
    if reason is None and left.never_covers(line.front):
        reason = reasons.UNDETERMINED  # [guess]: no text of AWS's for this was found
    first = Wait(line.front.job_id, reason, at_front=True)
    return [first, *(Wait(job.job_id) for job in islice(remaining, 1, None))]


def _placed(job: Job, room: Room) -> Place | None:
    if not job.nodes:
        return room.place(job)
    return place_nodes(job, room) if isinstance(room, InstanceRoom) else None


def _beside(queue: Queue, environments: Environments) -> dict[str, Wait]:
    """Those of the queue's jobs that are no part of its line, by their ids: they have too many nodes."""
    attached = [environments[arn] for arn in queue.compute_environments if arn in environments]
    return {
        job.job_id: Wait(job.job_id, reasons.ENGINE_NODES.format(most=most))
        for job in queue.jobs
        if job.nodes and (most := is_beyond_engines(job, attached)) is not None
    }


def _without(queue: Queue, beside: Mapping[str, Wait]) -> Queue:
    if not beside:
        return queue
    return replace(queue, jobs=tuple(job for job in queue.jobs if job.job_id not in beside))


def _accepting(queue: Queue, environments: Environments) -> list[ComputeEnvironment]:
    attached = (environments[arn] for arn in queue.compute_environments if arn in environments)
    return [each for each in attached if each.accepts_jobs]


def _room(environment: ComputeEnvironment) -> Room:
    return FargateRoom(environment) if environment.is_fargate else InstanceRoom(environment)


def _line(queue: Queue, environments: Environments, now: datetime) -> Line:
    if queue.scheduling_policy is None:
        return FifoLine(queue)
    accepting = _accepting(queue, environments)
    # Nothing is reserved where an environment's owner does not say how large it is [doc: BOTO unmanagedvCpus].
    is_open = any(each.type == "UNMANAGED" and not each.max_vcpus for each in accepting)
    max_vcpus = math.inf if is_open else sum(each.max_vcpus for each in accepting)
    return FairShareLine(queue, queue.scheduling_policy, max_vcpus=max_vcpus, now=now)


def _is_ending(queue: Queue) -> bool:
    return queue.status in ("DELETING", "DELETED")
