"""Amazon ECS: clusters, task definitions, container instances, and tasks that an engine really runs."""
