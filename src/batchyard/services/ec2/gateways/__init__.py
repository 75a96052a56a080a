"""Gateways of VPCs, and the public addresses that they have."""
