"""Amazon ECS: its name, its principals, and the role that it acts as."""

from batchyard.framework.service import Service, ServiceLinkedRole
from batchyard.services.ecs.service_role import PRINCIPAL, SESSION_NAME, where_in_use
from batchyard.wire.facts import Invalid, WireFacts

TASKS_PRINCIPAL = "ecs-tasks.amazonaws.com"
"""As whom ECS assumes a task's own roles (task role, execution role)."""

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
    further_principals=[TASKS_PRINCIPAL],
    invalid_token=lambda ctx, token: ecs.error.InvalidParameterException("Invalid token"),  # [guess]
)
