"""What temporary credentials cannot do whatever their policies say (STS API reference, page of each operation)."""

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.session import Session
from batchyard.gateway.denial import ended

_OF_STS = {
    "user": frozenset({"AssumeRole", "GetCallerIdentity", "GetWebIdentityToken"}),
    "root": frozenset({"AssumeRole", "GetCallerIdentity", "GetWebIdentityToken"}),
    "federated-user": frozenset({"GetCallerIdentity", "GetWebIdentityToken"}),
}
"""GetWebIdentityToken is recorded for users, and has words of its own for federated ones (outbound_identity.json)."""
_NOT_OF_A_ROLE = frozenset({"GetFederationToken", "GetSessionToken"})


def refuse_beyond_limits(ctx: Context) -> None:
    """Raise where the caller's credentials are not for this operation.

    GetSessionToken's call IAM with MFA alone, and AssumeRole and GetCallerIdentity of STS; GetFederationToken's call
    no IAM, and GetCallerIdentity of STS; no session of a role asks for another token. A caller that a service
    carries on is the service's affair [guess].
    """
    session = ctx.session
    if not session.temporary or session.called_via:
        return
    if ctx.call.service == "iam" and session.kind != "role" and not _has_mfa(session):
        # Such a token is told to be invalid, not to lack a permission (people's logs: 99designs/aws-vault#1056, #328).
        raise ended("iam")
    if ctx.call.service == "sts" and not _may_ask_sts(session, ctx.call.operation):
        text = f"Cannot call {ctx.call.operation} with session credentials"
        raise ApiError("AccessDenied", text, status=403)


def _has_mfa(session: Session) -> bool:
    return session.mfa and session.kind != "federated-user"


def _may_ask_sts(session: Session, operation: str) -> bool:
    if session.kind == "role":
        return operation not in _NOT_OF_A_ROLE
    return operation in _OF_STS[session.kind]
