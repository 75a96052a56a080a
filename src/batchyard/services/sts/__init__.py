"""AWS Security Token Service: who am I, and become a role."""
