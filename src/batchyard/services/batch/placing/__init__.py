"""Placing: the rounds in which runnable jobs get an environment, and the start of their tasks."""
