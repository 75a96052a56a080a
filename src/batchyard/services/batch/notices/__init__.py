"""What operators are told of jobs: each change of state and each blocked queue, as AWS's EventBridge event."""
