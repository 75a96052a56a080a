"""Room 1: the socket. The only async code."""
