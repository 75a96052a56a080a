"""What Batch does in the background, as the role of each environment."""
