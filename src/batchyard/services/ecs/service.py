"""Amazon ECS: its name, its principals, the role that it acts as, and the roles that its tasks have."""

from batchyard.framework.service import Service, ServiceLinkedRole
from batchyard.framework.workloads import TASKS, WorkloadRoles
from batchyard.services.ecs.service_role import PRINCIPAL, SESSION_NAME, where_in_use
from batchyard.services.ecs.tasks.workloads import find_role
from batchyard.wire.facts import Invalid, WireFacts

ecs: Service = Service(
    "ecs",
    principal=PRINCIPAL,
    title="ECS",
    wire=WireFacts(
        targets=("AmazonEC2ContainerServiceV20141113",), invalid=Invalid(code="InvalidParameterException")
    ),
    resource_types={
        "capacity-provider": "AWS::ECS::CapacityProvider",
        "cluster": "AWS::ECS::Cluster",
        "container-instance": "AWS::ECS::ContainerInstance",
        "service": "AWS::ECS::Service",
        "task": "AWS::ECS::Task",
        "task-definition": "AWS::ECS::TaskDefinition",
    },
    linked_roles=[ServiceLinkedRole(PRINCIPAL, SESSION_NAME, where_in_use)],
    workloads=[WorkloadRoles(TASKS, find_role)],
    invalid_token=lambda ctx, token: ecs.error.InvalidParameterException("Invalid token"),  # [guess]
)
