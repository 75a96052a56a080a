"""Takes down what Batch made for an environment, and nothing else: groups, fleets, templates, the cluster."""

from __future__ import annotations

from batchyard.framework.clients import Clients, pages
from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments import fleets
from batchyard.services.batch.environments.building import uses_spot_fleet
from batchyard.services.batch.environments.infrastructure import delete_launch_template, old_groups
from batchyard.services.batch.environments.names import group_name, launch_template_name
from batchyard.store.prepared import Row


def tear_down(aws: Clients, row: Row) -> bool:
    """Ask for the end of everything; True while something is still ending. Harmless when made twice."""
    left = False
    end = fleets.cancel if uses_spot_fleet(row) else _end_group
    for instance_type in row.made.get("groups", ()):
        left = end(aws, row, instance_type) or left
    for group, template in old_groups(row):
        left = _end_named(aws, group, template) or left
    if left:
        return True
    if row.made.get("cluster_arn"):
        return _end_cluster(aws, row.made["cluster_arn"])
    return False


def _end_group(aws: Clients, row: Row, instance_type: str) -> bool:
    return _end_named(aws, group_name(row, instance_type), launch_template_name(row, instance_type))


def _end_named(aws: Clients, name: str, template: str) -> bool:
    found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if found:
        if not found[0].get("Status"):
            aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        return True
    delete_launch_template(aws, template)
    return False


def _end_cluster(aws: Clients, cluster: str) -> bool:
    """What is not there was deleted by a try that was not noted, or by its owner: that is an end, too."""
    try:
        for task in pages(aws.ecs.list_tasks, "taskArns", cluster=cluster):
            aws.ecs.stop_task(cluster=cluster, task=task, reason="Compute environment deleted")
        instances = list(pages(aws.ecs.list_container_instances, "containerInstanceArns", cluster=cluster))
        for instance in instances:
            aws.ecs.deregister_container_instance(cluster=cluster, containerInstance=instance, force=True)
        aws.ecs.delete_cluster(cluster=cluster)
    except ApiError as error:
        if error.code == "ClusterNotFoundException":
            return False
        if error.code.startswith("ClusterContains"):
            return True
        raise
    return False
