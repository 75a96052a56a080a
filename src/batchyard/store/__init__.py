"""Room 6: the database."""
