"""The statusReason texts of environments and jobs (batch-on-behalf.md 5-7)."""

from __future__ import annotations

from batchyard.framework.errors import ApiError

ENVIRONMENT_HEALTHY = "ComputeEnvironment Healthy"
QUEUE_HEALTHY = "JobQueue Healthy"

_SDK_CLIENTS = {
    "sts": "AWSSecurityTokenService",
    "ecs": "AmazonECS",
    "ec2": "AmazonEC2",
    "autoscaling": "AmazonAutoScaling",
    "iam": "AmazonIdentityManagement",
    "eks": "AmazonEKS",
    "logs": "AWSLogs",
}


def client_error(error: ApiError) -> str:
    """Why an environment is INVALID, when a service refused Batch: its own message, and who said it."""
    client = _SDK_CLIENTS.get(error.service, error.service)
    return (
        f"CLIENT_ERROR - {error.message} (Service: {client}; Status Code: {error.status};"
        f" Error Code: {error.code}; Request ID: {error.request_id}; Proxy: null)"
    )


_DENIALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def is_denial(status_reason: str) -> bool:
    """Is an environment INVALID because its role may not do something, or cannot be assumed?"""
    return any(f"Error Code: {code};" in status_reason for code in _DENIALS)
