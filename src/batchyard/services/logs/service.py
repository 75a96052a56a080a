"""Amazon CloudWatch Logs: its name and principal."""

from batchyard.framework.service import Service

logs = Service("logs", principal="logs.amazonaws.com", title="CloudWatch Logs")
