"""What temporary credentials cannot do with IAM, whatever their policies say."""

from batchyard.framework.errors import UnknownCredentials
from batchyard.identity.session import Session


def refuse_temporary(session: Session, operation: str) -> None:
    """IAM knows sessions of roles, and GetSessionToken's with MFA (STS API reference, pages of both operations).

    Any other token is told to be invalid, not to lack a permission (people's logs: 99designs/aws-vault#1056, #328).
    """
    if session.kind == "role" or (session.mfa and session.kind != "federated-user"):
        return
    raise UnknownCredentials
