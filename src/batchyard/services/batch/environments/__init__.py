"""Compute environments, and the controllers that build them, size them and take them down."""
