"""What EKS does in the background."""
