"""Consumable resources: what jobs need beside a machine (licences, connections), how much of it there is and in use."""
