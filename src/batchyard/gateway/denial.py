"""AccessDenied in AWS's words, with the code and status of each service (iam-evaluation.md 6)."""

from batchyard.framework.errors import AccessDenied, ApiError, SessionEnded
from batchyard.gateway.sigv4_claim import AuthenticationFailure, codes, text_for
from batchyard.identity.authorization_messages import introduced
from batchyard.policy.decision import Decision
from batchyard.wire import model as wire_model
from batchyard.wire.model import OF_EC2

_STATUS_OF_JSON = {"json": 400, "rest-json": 403}
"""Recorded of ECS and Logs, and of Batch and EKS."""


def denied(
    service: str,
    *,
    principal_arn: str,
    action: str,
    resource: str,
    decision: Decision,
    crosses_accounts: bool = False,
    encoded: str | None = None,
    words: str | None = None,
) -> AccessDenied:
    """The refusal of one check; `service` is whose answer it becomes.

    Where the resource is another account's, which policy decided is not told (IAM user guide, access denied).
    `encoded` is what only EC2 adds, `words` are a service's own in place of the usual message.
    """
    protocol = wire_model.load(service).protocol
    message = f"User: {principal_arn} is not authorized to perform: {action}"
    if protocol != OF_EC2 or resource != "*":
        # EC2 does not tell that an action without resource level was asked for on `*` (recorded: ec2:Describe…).
        message += f" on resource: {resource}"
    if principal_arn.startswith("arn:") and not crosses_accounts:
        # A service principal's denial ends here (recorded: hashicorp/terraform-provider-aws#21281).
        message += f" {_tail(decision, action)}"
    if words is not None:
        message = words
    if protocol == OF_EC2:
        return AccessDenied(
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. {introduced(message, encoded) if encoded else message}",
            status=403,
        )
    if protocol in _STATUS_OF_JSON:
        return AccessDenied("AccessDeniedException", message, status=_STATUS_OF_JSON[protocol])
    return AccessDenied("AccessDenied", message, status=403)


def denied_here(service: str | None, message: str) -> AccessDenied:
    """A refusal that AWS does not know, with a text of ours, in the code that the service has for a denial; 403.

    Without a service (the federation endpoint) it is AccessDenied.
    """
    if service is None:
        return AccessDenied("AccessDenied", message, status=403)
    protocol = wire_model.load(service).protocol
    if protocol == OF_EC2:
        return AccessDenied("UnauthorizedOperation", message, status=403)
    code = "AccessDeniedException" if protocol in _STATUS_OF_JSON else "AccessDenied"
    return AccessDenied(code, message, status=403)


def throttled(service: str) -> ApiError:
    """The answer to a call that is more work than one call may be, in AWS's words for too much at once.

    As reported of EC2 (hashicorp/terraform-provider-aws#138), of IAM (legion-platform/legion#807), and of services
    that speak JSON (snyk/driftctl#1629).
    """
    protocol = wire_model.load(service).protocol
    if protocol == OF_EC2:
        return ApiError("RequestLimitExceeded", "Request limit exceeded.", status=503)
    return ApiError("ThrottlingException" if protocol in _STATUS_OF_JSON else "Throttling", "Rate exceeded")


def ended(service: str) -> SessionEnded:
    """The answer to a session whose user or role is gone: its credentials are as if they had never been."""
    protocol = wire_model.load(service).protocol
    failure = AuthenticationFailure(
        "InvalidClientTokenId", "The security token included in the request is invalid."
    )
    code, status = codes(failure.kind, protocol)
    return SessionEnded(code, text_for(failure, protocol), status=status)


def _tail(decision: Decision, action: str) -> str:
    if decision.outcome == "explicitDeny":
        if decision.reason == "role trust policy":
            return "with an explicit deny in the role trust policy"
        article = "an" if decision.reason[:1] in "aeiou" else "a"
        return f"with an explicit deny in {article} {decision.reason}"
    return f"because no {decision.reason} allows the {action} action"
