"""What ECS does in the background: agents, tasks, sweeping."""
