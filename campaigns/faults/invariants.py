"""What holds after every scene, whatever struck it (issue: faults at every transition)."""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

from faults.scene import ARRAY_SIZE, NODES, RESOURCES, STOPPED_SIZE, TOTAL, Scene

EXPECTED = {
    "long": "FAILED",
    "itself": "SUCCEEDED",
    "good": "SUCCEEDED",
    "bad": "FAILED",
    "again": "SUCCEEDED",
    "after": "SUCCEEDED",
    "held": "FAILED",
    "absent": "FAILED",
    "array": "SUCCEEDED",
    "stopped": "FAILED",
    "on-group": "SUCCEEDED",
    "on-fleet": "SUCCEEDED",
    "on-nodes": "SUCCEEDED",
    "other node": "FAILED",
}


ARRAYS = {"array": ARRAY_SIZE, "stopped": STOPPED_SIZE}
_SWEPT = (
    "batch_jobs",
    "batch_attempts",
    "batch_job_specs",
    "batch_job_arrays",
    "batch_consumers",
    "ecs_tasks",
    "ecs_container_instances",
    "ecs_clusters",
    "events",
    "event_resources",
    "logs_groups",
    "logs_streams",
    "logs_events",
)

SOON_SECONDS = 300
_DUE = "SELECT controller, name FROM work WHERE not_before < ? AND controller != 'batch.placing'"


def check_jobs(scene: Scene) -> None:
    """No job lost, each ended as it should, none run twice for one attempt, and told so."""
    assert set(scene.jobs) == set(EXPECTED) - {"other node"}
    marks = Counter(_marks(scene))
    assert all(count == 1 for count in marks.values()), f"an attempt ran twice: {marks}"
    assert {job.replace("#", ":").partition(":")[0] for job, _ in marks} <= set(scene.jobs.values())
    jobs = {name: scene.job(name) for name in scene.jobs if name not in (*ARRAYS, "on-nodes")}
    for name, job in (*jobs.items(), *_children(scene), *_nodes(scene)):
        wanted = EXPECTED[name]
        assert job["status"] == wanted or _may_have_failed(scene, job), (name, job)
        ran = {attempt for one, attempt in marks if one == job["jobId"]}
        assert ran <= set(range(1, len(job["attempts"]) + 1)), (name, job, ran)
        finished = [
            number
            for number, one in enumerate(job["attempts"], 1)
            if one["container"].get("exitCode", 255) < 128 and "reason" not in one["container"]
        ]
        assert set(finished) <= ran or name == "absent", (name, job, ran)
        if job["status"] == "SUCCEEDED":
            assert len(job["attempts"]) in ran, (name, job, ran)


def check_resources(scene: Scene) -> None:
    """No job holds a resource after its end, and each that had an attempt has used up what does not come back."""
    needing = [job for _, job in _children(scene)] + [scene.job(name) for name in ("bad", "again")]
    used = sum(1 for job in needing if "consumableResourceProperties" in job and job["attempts"])
    told = {name: (one["inUseQuantity"], one["totalQuantity"]) for name, one in scene.left.items()}
    assert told == {"licence": (0, TOTAL), "paper": (0, TOTAL - used)}, told
    assert set(told) == set(RESOURCES)


def check_shares(scene: Scene) -> None:
    """Once all jobs have ended none is counted with its share any more, nor a vCPU; what it used is."""
    on_fargate = {name for name in scene.jobs if not name.startswith("on-")}
    assert {share for share, *_ in scene.shares} == on_fargate, scene.shares
    for share, running, waiting, unfinished, usage in scene.shares:
        assert (running, waiting, unfinished) == (0, 0, 0), scene.shares
        # An attempt may be as short as a millisecond; what waited alone has used nothing.
        assert usage >= 0 if share not in ("held", "stopped") else usage == 0, scene.shares


def _nodes(scene: Scene) -> Iterator[tuple[str, Any]]:
    """The nodes of the job that has several, as described: its main node tells what became of it, and where that
    succeeded in its last attempt, all of them were in it."""
    job = scene.job("on-nodes")
    nodes = [
        scene.do("batch", "describe_jobs", jobs=[f"{job['jobId']}#{index}"])["jobs"][0]
        for index in range(NODES)
    ]
    assert (job["status"], job["attempts"]) == (nodes[0]["status"], nodes[0]["attempts"])
    assert {len(node["attempts"]) for node in nodes} == {len(job["attempts"])}, nodes
    marks = set(_marks(scene))
    if job["status"] == "SUCCEEDED":
        last = len(job["attempts"])
        assert {(node["jobId"], last) for node in nodes} <= marks, (nodes, marks)
    yield ("on-nodes", nodes[0])
    yield from (("other node", node) for node in nodes[1:])


def _children(scene: Scene) -> Iterator[tuple[str, Any]]:
    """The children of the arrays, as described, by their parents' names; and what their parents say of them holds."""
    for name, size in ARRAYS.items():
        parent = scene.job(name)
        assert parent["status"] == EXPECTED[name] or _may_have_failed(scene, parent), (name, parent)
        ids = [f"{parent['jobId']}:{index}" for index in range(size)]
        described = [
            job
            for first in range(0, size, 100)
            for job in scene.do("batch", "describe_jobs", jobs=ids[first : first + 100])["jobs"]
        ]
        assert [job["jobId"] for job in described] == ids
        told = parent["arrayProperties"]["statusSummary"]
        found = Counter(job["status"] for job in described)
        assert {status: count for status, count in told.items() if count} == found, (name, told, found)
        with scene.database() as database:
            row = f"array_parent = (SELECT id FROM batch_jobs WHERE job_id = '{parent['jobId']}')"
            assert _count(database, "batch_jobs", row) == size
        yield from ((name, job) for job in described)


def _may_have_failed(scene: Scene, job: Any) -> bool:
    """A supervisor that is killed takes its attempts along; a full disk starts none. Both are told as such."""
    fault = scene.stage.fault
    if fault is None or not scene.stage.has_struck:
        return False
    last = job["attempts"][-1] if job["attempts"] else None
    reason = (last or {}).get("container", {}).get("reason", "") + job.get("statusReason", "")
    if fault.kind == "supervisor killed":
        # A job whose dependency was lost fails with it.
        return "Host" in reason or "host" in reason or "ependen" in reason or "Array Child" in reason
    if fault.step.startswith("supervisor file"):
        return "No space left on device" in reason or "ependen" in reason or "Array Child" in reason
    return False


def _marks(scene: Scene) -> Iterator[tuple[str, int]]:
    if scene.stage.markers.exists():
        for line in scene.stage.markers.read_text().splitlines():
            job, attempt = line.split()
            yield job, int(attempt)


def check_events(scene: Scene) -> None:
    """Jobs and events agree, and so do environments and events: each change left its event, once."""
    submitted = [one["responseElements"]["jobId"] for one in _events(scene, "SubmitJob")]
    assert Counter(submitted) == Counter(scene.jobs.values())
    made = [
        one["requestParameters"]["computeEnvironmentName"]
        for one in _events(scene, "CreateComputeEnvironment")
    ]
    assert sorted(made) == ["fargate", "fleets", "groups"]


def _events(scene: Scene, name: str) -> list[Any]:
    found: list[Any] = []
    request: dict[str, Any] = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}]}
    while True:
        page = scene.do("cloudtrail", "lookup_events", **request)
        found += [json.loads(event["CloudTrailEvent"]) for event in page["Events"]]
        if "NextToken" not in page:
            return [one for one in found if "errorCode" not in one]
        request["NextToken"] = page["NextToken"]


def check_nothing_remains(scene: Scene) -> None:
    """Of deleted environments there are no clusters, groups, templates, instances, fleets, tasks, registrations."""
    read = scene.do
    assert read("batch", "describe_compute_environments")["computeEnvironments"] == []
    assert read("batch", "describe_job_queues")["jobQueues"] == []
    assert read("batch", "list_consumable_resources")["consumableResources"] == []
    assert read("batch", "list_scheduling_policies")["schedulingPolicies"] == []
    assert read("ecs", "list_clusters")["clusterArns"] == []
    assert read("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"] == []
    assert read("ec2", "describe_launch_templates")["LaunchTemplates"] == []
    reservations = read("ec2", "describe_instances")["Reservations"]
    states = {one["State"]["Name"] for reservation in reservations for one in reservation["Instances"]}
    assert states <= {"terminated"}
    fleets = read("ec2", "describe_spot_fleet_requests")["SpotFleetRequestConfigs"]
    assert {one["SpotFleetRequestState"] for one in fleets} <= {"cancelled"}, fleets
    assert read("eks", "list_clusters")["clusters"] == []
    assert read("logs", "describe_log_groups")["logGroups"] == []
    with scene.database() as database:
        assert _count(database, "batch_attempts", "stopped_ms IS NULL") == 0
        assert _count(database, "batch_share_usage") == _count(database, "batch_queue_fronts") == 0
        assert _count(database, "ecs_tasks", "last_status != 'STOPPED'") == 0
        assert _count(database, "ecs_container_instances", "status != 'INACTIVE'") == 0


def check_machinery(scene: Scene) -> None:
    """No controller has anything left to do but forgetting; every slot is free; the database is sound."""
    scene.until(lambda: _pending_work(scene) == [], f"the end of all work: {_pending_work(scene)}")
    details = json.load(
        urllib.request.urlopen(f"{scene.stage.endpoint}/_batchyard/health?details=1", timeout=10)
    )
    tasks = details["controllers"]["ecs.tasks"]
    assert tasks["free"] == tasks["slots"], details
    assert details["controllerExceptions"] == {}, details
    with scene.database() as database:
        problems = [one for (one,) in database.execute("PRAGMA integrity_check") if not _is_false(one)]
        assert problems in ([], ["ok"]), problems
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def _is_false(problem: str) -> bool:
    """SQLite 3.40 takes columns between those of a key, in a table without row ids, for NULL when it checks them."""
    return problem.startswith("NULL value in iam_attachments.")


def _pending_work(scene: Scene) -> list[Any]:
    """Work that is due soon; what ended is forgotten by work that is due much later.

    Placing is left out: it rests in proportion to how long its last round took, which says nothing here.
    """
    soon = int((time.time() + scene.stage.clock + SOON_SECONDS) * 1_000_000)
    with scene.database() as database:
        return database.execute(_DUE, [soon]).fetchall()


def _count(database: sqlite3.Connection, table: str, where: str = "1") -> int:
    count: int = database.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]
    return count


def check_sweeping(scene: Scene) -> None:
    """After months nothing is left of what ended. The server that runs sweeps it: a fault may strike it there."""
    scene.stage.let_pass(100 * 86400)
    scene.until(lambda: _left_to_sweep(scene) == {}, f"the sweeping: {_left_to_sweep(scene)}")


def _left_to_sweep(scene: Scene) -> dict[str, int]:
    scene.revive_if_dead()
    with scene.database() as database:
        counts = {table: _count(database, table) for table in _SWEPT}
    return {table: count for table, count in counts.items() if count}
