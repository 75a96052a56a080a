"""AWS CloudTrail: the event history of every call."""

from batchyard.services.cloudtrail import event_history
from batchyard.services.cloudtrail.controllers import sweeping
from batchyard.services.cloudtrail.service import cloudtrail

__all__ = ["cloudtrail", "event_history", "sweeping"]
