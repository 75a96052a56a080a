"""The tables of AWS Batch."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text, column

from batchyard.store.types import Json, metadata

compute_environments = Table(
    "batch_compute_environments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("arn", Text, nullable=False),
    Column("uuid", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text, nullable=False),
    Column("service_role", Text, nullable=False),
    Column("service_linked", Boolean, nullable=False),
    Column("orchestration", Text, nullable=False),
    Column("unmanaged_vcpus", Integer),
    Column("compute_resources", Json),
    Column("update_policy", Json),
    Column("eks_configuration", Json),
    Column("context", Text),
    Column("tags", Json, nullable=False),
    Column("made", Json, nullable=False),
    Column("desired_vcpus", Integer, nullable=False),
    Column("ending", Boolean, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("batch_compute_environments_by_name", "account", "region", "name", unique=True),
    Index("batch_compute_environments_by_role", "account", "service_role", "region"),
)
"""`made` tells what exists of the environment in other services: cluster, launch template, group, fleet request.
`ending`: its deletion was asked for, and not taken back by an update; a refused one leaves it INVALID meanwhile.
`generation` counts the owner's changes, so that a controller's late answer does not undo a newer change."""

job_queues = Table(
    "batch_job_queues",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("arn", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("platform", Text, nullable=False),
    Column("tags", Json, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("scheduling_policy_id", Integer),
    Column("time_limits", Json),
    Index("batch_job_queues_by_name", "account", "region", "name", unique=True),
    Index("batch_job_queues_by_policy", "scheduling_policy_id"),
)
"""`platform` is what the queue's environments are: EC2, FARGATE or EKS. `time_limits`: jobStateTimeLimitActions."""

scheduling_policies = Table(
    "batch_scheduling_policies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("arn", Text, nullable=False),
    Column("fairshare", Json, nullable=False),
    Column("share_decay_seconds", Integer, nullable=False),
    Column("tags", Json, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("batch_scheduling_policies_by_name", "account", "region", "name", unique=True),
)
"""`fairshare` is the policy as it was given, with AWS's defaults where it says nothing; what each change of a job in a
queue goes by stands apart from its many shares."""

queue_environments = Table(
    "batch_queue_environments",
    metadata,
    Column("queue_id", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("environment_id", Integer, nullable=False),
    Index("batch_queue_environments_by_environment", "environment_id"),
    Index("batch_queue_environments_by_account", "account"),
    sqlite_with_rowid=False,
)
"""A queue's computeEnvironmentOrder."""

share_usage = Table(
    "batch_share_usage",
    metadata,
    Column("queue_id", Integer, primary_key=True),
    Column("share", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("usage", Float, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("running_vcpus", Float, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("unfinished", Integer, nullable=False),
    Index("batch_share_usage_by_account", "account"),
    sqlite_with_rowid=False,
)
"""What the shares of a queue have used, in vCPU seconds as decayed at `at_ms`, and what they have now: the vCPUs of the
jobs that are placed, how many jobs are RUNNABLE (children of arrays, too), and how many have not ended (an array is
one). All of it changes in the transaction that changes a job."""

queue_fronts = Table(
    "batch_queue_fronts",
    metadata,
    Column("queue_id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("jobs", Json, nullable=False),
    Column("reason", Text),
    Column("reason_ms", BigInteger),
    Column("updated_ms", BigInteger, nullable=False),
    Index("batch_queue_fronts_by_account", "account"),
)
"""The first jobs of a queue as the last plan left them, `[id, since when it is at its place]` of each, and since when
the first one waits for its reason: the part of its statusReason that a time limit names."""

job_definitions = Table(
    "batch_job_definitions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("arn", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("batch_job_definitions_by_name", "account", "region", "name", "revision", unique=True),
    Index("batch_job_definitions_by_status", "account", "region", "status", "name", "revision"),
)
"""Revisions are never reused: an INACTIVE one keeps its row."""

task_definitions = Table(
    "batch_task_definitions",
    metadata,
    Column("definition_id", Integer, primary_key=True),
    Column("service_role", Text, primary_key=True),
    Column("launch_type", Text, primary_key=True),
    Column("node_range", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("arn", Text, nullable=False),
    Index("batch_task_definitions_by_account", "account"),
    sqlite_with_rowid=False,
)
"""The ECS task definition of a job definition, or of a range of its nodes, as a role, for EC2 or for Fargate."""

job_specs = Table(
    "batch_job_specs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("document", Json, nullable=False),
    Index("batch_job_specs_by_account", "account"),
)
"""What jobs were resolved to at submission, once for all that share it: an array job's children, a job's nodes."""

jobs = Table(
    "batch_jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("queue_id", Integer, nullable=False),
    Column("queue_arn", Text, nullable=False),
    Column("definition_id", Integer, nullable=False),
    Column("definition_name", Text, nullable=False),
    Column("definition_arn", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger),
    Column("stopped_ms", BigInteger),
    Column("vcpus", Float, nullable=False),
    Column("memory_mib", Integer, nullable=False),
    Column("gpus", Integer, nullable=False),
    Column("spec_id", Integer),
    Column("document", Json),
    Column("tags", Json, nullable=False),
    Column("share_identifier", Text),
    Column("scheduling_priority", Integer),
    Column("array_parent", Integer),
    Column("array_index", Integer),
    Column("node_count", Integer),
    Column("attempt", Integer, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("terminated", Boolean, nullable=False),
    Column("timed_out", Boolean, nullable=False),
    Column("end_reason", Text),
    Column("array_size", Integer),
    Column("resources", Json),
    Column("asked", Json),
    Column("main_node", Integer),
    Index("batch_jobs_by_job_id", "job_id", unique=True),
    Index(
        "batch_jobs_by_queue",
        "queue_id",
        "status",
        "created_ms",
        sqlite_where=column("array_parent").is_(None),
    ),
    Index("batch_jobs_by_creation", "queue_id", "created_ms", sqlite_where=column("array_parent").is_(None)),
    Index(
        "batch_jobs_by_name",
        "queue_id",
        "name_key",
        "created_ms",
        sqlite_where=column("array_parent").is_(None),
    ),
    Index(
        "batch_jobs_by_definition",
        "queue_id",
        "definition_name",
        "created_ms",
        sqlite_where=column("array_parent").is_(None),
    ),
    Index("batch_jobs_by_end", "account", "region", "array_parent", "stopped_ms"),
    Index(
        "batch_jobs_by_parent",
        "array_parent",
        "status",
        "array_index",
        sqlite_where=column("array_parent").is_not(None),
    ),
    Index(
        "batch_jobs_children_by_queue",
        "queue_id",
        "status",
        "created_ms",
        sqlite_where=column("array_parent").is_not(None),
    ),
)
"""What a job is at submission (container, parameters, retry strategy, timeout, dependsOn) is its `document`, or that
of the row in `job_specs` that `spec_id` names. `id` is the order of submission; `name_key` the name in lower case.
`asked`: what it asks of an engine beyond running a command; of most jobs nothing.
`attempt` is the number of the newest attempt. `end_reason`: why it shall end, while it still runs.
`array_parent` is the `id` of the array job that it is a child of; a page of a queue's jobs has no children.
`node_count` and `main_node` are those of a multi-node parallel job, whose sizes are its nodes' together.
`resources`: what it needs of consumable resources, [[id, quantity], …]; a job with a first attempt holds them until
it ends. `array_size` is the parent's alone. Children are forgotten with their parent, so that their ids stay theirs.
What only some jobs have (a share, a parent) is indexed for those alone, so that the others' submissions do not pay."""

Index(
    "batch_jobs_by_share",
    jobs.c.queue_id,
    jobs.c.status,
    jobs.c.share_identifier,
    jobs.c.scheduling_priority.desc(),
    jobs.c.created_ms,
    sqlite_where=column("share_identifier").is_not(None),
)

_SHARED = column("share_identifier").is_not(None) & column("array_parent").is_(None)
_BY_SHARE = (jobs.c.queue_id, jobs.c.share_identifier)
Index("batch_jobs_of_share", *_BY_SHARE, jobs.c.created_ms, sqlite_where=_SHARED)
Index("batch_jobs_of_share_by_status", *_BY_SHARE, jobs.c.status, jobs.c.created_ms, sqlite_where=_SHARED)

STATUS_COUNTS = ("submitted", "pending", "runnable", "starting", "running", "succeeded", "failed")

job_arrays = Table(
    "batch_job_arrays",
    metadata,
    Column("parent", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("base", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("gate", Text, nullable=False),
    Column("made_to", Integer, nullable=False),
    Column("judged_to", Integer, nullable=False),
    *(Column(name, Integer, nullable=False) for name in STATUS_COUNTS),
    Column("updated_ms", BigInteger, nullable=False),
    Index("batch_job_arrays_by_account", "account"),
)
"""Array jobs, by the parent's `id`. Child number i has the id `base` + i whether it has a row yet or not: the last one
is made with the parent, which keeps the ids between for the others. All before `made_to` have rows.
`gate`: do all children wait for a whole job (WAITING, FAILED where that one failed, else OPEN)? From the moment that it
changes, children are judged anew; those before `judged_to` have been. The counts are of children by status, those
without a row as SUBMITTED; they change in the transaction that changes a child."""

attempts = Table(
    "batch_attempts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("job", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("node", Integer, primary_key=True),
    Column("environment_id", Integer, nullable=False),
    Column("cluster_arn", Text, nullable=False),
    Column("task_arn", Text),
    Column("container_instance_arn", Text),
    Column("vcpus", Float, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_ms", BigInteger),
    Column("stopped_ms", BigInteger),
    Column("exit_code", Integer),
    Column("reason", Text),
    Column("status_reason", Text),
    Column("log_stream", Text),
    Column("containers", Json),
    Column("placement", Text),
    Index("batch_attempts_by_task", "task_arn", sqlite_where=column("stopped_ms").is_(None)),
    Index(
        "batch_attempts_by_environment",
        "environment_id",
        "task_arn",
        "vcpus",
        sqlite_where=column("stopped_ms").is_(None),
    ),
    sqlite_with_rowid=False,
)
"""The attempts of jobs, by the job's `id`, and where each runs or ran; `node` is 0 but of a multi-node parallel job.

`containers`: of a job of ecsProperties, each with its name, log stream and end, in AWS's members.
A job that is STARTING or RUNNING has a row without `stopped_ms`; the partial indexes find these few among millions.
Without a task_arn: RunTask was not answered yet. What ECS did not start leaves no row. `placement` tells a try to
start all nodes of a job from the tries before."""

job_dependencies = Table(
    "batch_job_dependencies",
    metadata,
    Column("on_job", Integer, primary_key=True),
    Column("waiting_job", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Index("batch_job_dependencies_by_waiting", "waiting_job"),
    Index("batch_job_dependencies_by_account", "account"),
    sqlite_with_rowid=False,
)
"""Only unmet dependencies stand here, by the jobs' `id`. `kind` is PLAIN (the whole job), or N_TO_N or SEQUENTIAL:
between two arrays, or within one. Which child those mean follows from its index, so that no child has a row here."""
