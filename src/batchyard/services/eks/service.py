"""Amazon EKS: its name and principal."""

from batchyard.framework.service import Service

eks = Service("eks", principal="eks.amazonaws.com", title="EKS")
