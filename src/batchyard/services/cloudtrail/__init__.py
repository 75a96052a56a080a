"""AWS CloudTrail: the event history of every call."""
