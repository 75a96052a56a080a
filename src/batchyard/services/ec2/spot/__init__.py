"""Spot: Spot Fleet requests, and Spot Instance requests."""
