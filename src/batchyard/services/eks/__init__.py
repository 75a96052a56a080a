"""Amazon EKS: the clusters that Batch looks up for its EKS compute environments."""

from batchyard.services.eks import clusters
from batchyard.services.eks.controllers import clusters as clusters_controller
from batchyard.services.eks.service import eks

__all__ = ["clusters", "clusters_controller", "eks"]
