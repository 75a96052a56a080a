"""Launches: what RunInstances asks for and checks, and the launch templates that say it beforehand."""
