"""AWS Batch: compute environments, job queues, job definitions, jobs."""

from batchyard.services.batch import (
    compute_environments,
    job_definition_pages,
    job_definitions,
    job_queues,
    jobs,
    list_jobs,
    submit_job,
    tags,
)
from batchyard.services.batch.controllers import (
    arrivals,
    compute,
    placing,
    queues,
    releasing,
    sweeping,
    watching,
)
from batchyard.services.batch.service import batch

__all__ = [
    "arrivals",
    "batch",
    "compute",
    "compute_environments",
    "job_definition_pages",
    "job_definitions",
    "job_queues",
    "jobs",
    "list_jobs",
    "placing",
    "queues",
    "releasing",
    "submit_job",
    "sweeping",
    "tags",
    "watching",
]
