"""EKS's nouns: the cluster."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.noun import Noun, Words
from batchyard.framework.rows import Rows
from batchyard.services.eks.service import eks
from batchyard.services.eks.tables import clusters
from batchyard.store.prepared import Row


def _missing(ctx: Context, name: str) -> ApiError:
    return eks.error.ResourceNotFoundException(f"No cluster found for name: {name}.", clusterName=name)


cluster: Noun[Row] = Noun(eks, "cluster/{name}", Rows(clusters, order="name"), words=Words(_missing))
