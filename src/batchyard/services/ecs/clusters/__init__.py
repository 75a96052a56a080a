"""Clusters and the container instances in them."""
