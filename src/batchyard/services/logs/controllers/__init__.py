"""What CloudWatch Logs does on its own."""
