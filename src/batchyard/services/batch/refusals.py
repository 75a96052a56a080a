"""The form of most of Batch's refusals: a ClientException whose text names the request."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.batch.service import batch


def refusal(ctx: Context, text: str) -> ApiError:
    """`Error executing request, Exception : <text>, RequestId: <uuid>` (recorded, batch-jobs.md 1)."""
    return batch.error.ClientException(
        f"Error executing request, Exception : {text}, RequestId: {ctx.request_id}"
    )
