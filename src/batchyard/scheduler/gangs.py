"""The nodes of a multi-node parallel job: each finds its room in one environment, or none takes any."""

from collections.abc import Iterable, Sequence

from batchyard.scheduler.answers import Place
from batchyard.scheduler.fit import InstanceRoom, has_enough_nodes, takes_nodes
from batchyard.scheduler.snapshot import ComputeEnvironment, Job, Node


def by_size(nodes: Sequence[Node]) -> list[tuple[int, Node]]:
    """The nodes with their indexes, the largest first, so that small nodes fill what those leave."""
    return sorted(
        enumerate(nodes), key=lambda entry: (-entry[1].gpus, -entry[1].vcpus, -entry[1].memory_mib, entry[0])
    )


def place_nodes(job: Job, room: InstanceRoom) -> Place | None:
    """Take room for every node of the job, or None, with nothing taken, where one finds none."""
    before = room.mark()
    taken: dict[int, Place] = {}
    for index, node in by_size(job.nodes):
        place = room.place(node)
        if place is None:
            room.undo(before)
            return None
        taken[index] = place
    instances = tuple(taken[index].instance_id or "" for index in sorted(taken))
    return Place(job.job_id, taken[0].compute_environment_arn, None, instances)


def is_beyond_engines(job: Job, attached: Iterable[ComputeEnvironment]) -> int | None:
    """How many nodes the largest engine behind these environments runs at once, where the job has more than any of
    them; None for all other jobs."""
    if not job.nodes:
        return None
    able = [each for each in attached if takes_nodes(each)]
    if not able or any(has_enough_nodes(job, each) for each in able):
        return None
    return max(each.most_nodes or 0 for each in able)
