"""Job queues, the lines before them, and the controller that brings them from one status to the next."""
