"""Job definitions and what they say of a job's container."""
