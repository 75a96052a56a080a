"""AWS Batch: compute environments, job queues, job definitions, jobs."""

from batchyard.services.batch import compute_environments
from batchyard.services.batch.controllers import compute
from batchyard.services.batch.service import batch

__all__ = ["batch", "compute", "compute_environments"]
