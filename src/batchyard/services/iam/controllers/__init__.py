"""What IAM does in the background: it deletes service-linked roles that were asked to go."""
