"""What temporary credentials cannot ask of STS, whatever their policies say (STS API reference, each operation)."""

from batchyard.framework.errors import ApiError
from batchyard.identity.session import Session

_MAY = {
    "user": frozenset({"AssumeRole", "GetCallerIdentity", "GetWebIdentityToken"}),
    "root": frozenset({"AssumeRole", "GetCallerIdentity", "GetWebIdentityToken"}),
    "federated-user": frozenset({"GetCallerIdentity", "GetWebIdentityToken"}),
}
"""GetWebIdentityToken is recorded for users, and has words of its own for federated users (outbound_identity.json)."""
_NOT_OF_A_ROLE = frozenset({"GetFederationToken", "GetSessionToken"})


def refuse_temporary(session: Session, operation: str) -> None:
    """GetSessionToken's credentials ask for AssumeRole and GetCallerIdentity alone, GetFederationToken's for the
    second; no session of a role asks for another token."""
    may = operation not in _NOT_OF_A_ROLE if session.kind == "role" else operation in _MAY[session.kind]
    if not may:
        text = f"Cannot call {operation} with session credentials"
        raise ApiError("AccessDenied", text, status=403)
