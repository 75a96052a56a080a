"""Every call leaves an event, shaped as CloudTrail's; and a note of when each principal last used each service."""
