"""Amazon CloudWatch Logs: groups, streams, and the events that jobs print."""

from batchyard.services.logs import log_events, log_groups, log_streams, tags
from batchyard.services.logs.service import logs

__all__ = ["log_events", "log_groups", "log_streams", "logs", "tags"]
