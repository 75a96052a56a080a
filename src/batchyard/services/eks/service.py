"""Amazon EKS: its name and principal."""

from batchyard.framework.service import Service
from batchyard.wire.facts import Invalid, WireFacts

eks: Service = Service(
    "eks",
    principal="eks.amazonaws.com",
    title="EKS",
    wire=WireFacts(invalid=Invalid(code="InvalidParameterException")),
    resource_types={
        "cluster": "AWS::EKS::Cluster",
        "nodegroup": "AWS::EKS::Nodegroup",
    },
    invalid_token=lambda ctx, token: eks.error.InvalidParameterException("Invalid nextToken"),  # [guess]
)
