"""What temporary credentials cannot do whatever their policies say: each service tells of itself."""

from batchyard.framework.context import Context
from batchyard.framework.errors import UnknownCredentials
from batchyard.gateway.denial import ended


def refuse_beyond_limits(ctx: Context) -> None:
    """Raise where the caller's credentials are not for this operation.

    A caller that a service carries on is the service's affair [guess]. Who signed in to the console may do what the
    user may: AWS's console manages IAM.
    """
    session, service = ctx.session, ctx.service
    if not session.temporary or session.console or session.called_via or service.refuse_temporary is None:
        return
    try:
        service.refuse_temporary(session, ctx.call.operation)
    except UnknownCredentials:
        raise ended(service.name) from None
