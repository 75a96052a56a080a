"""Room 3: every call passes here, from outside and inside."""
