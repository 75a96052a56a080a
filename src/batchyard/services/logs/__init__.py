"""Amazon CloudWatch Logs: groups, streams, and the events that jobs print."""
