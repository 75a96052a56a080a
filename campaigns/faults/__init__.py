"""Servers that die, and what is there afterwards."""
