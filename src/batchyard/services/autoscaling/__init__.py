"""Amazon EC2 Auto Scaling: groups that keep so many instances, as its own service-linked role."""
