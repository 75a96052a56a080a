"""What CloudTrail does in the background."""
