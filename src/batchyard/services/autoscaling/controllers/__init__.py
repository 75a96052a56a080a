"""What Auto Scaling does in the background, as its own service-linked role."""
