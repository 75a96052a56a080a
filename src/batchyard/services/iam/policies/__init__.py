"""Policies, managed and inline, the boundaries beside them, and what they let a principal use."""
