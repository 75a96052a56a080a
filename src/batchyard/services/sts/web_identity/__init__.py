"""Tokens of OpenID Connect: those that give a session of a role, and those that tell others who the caller is."""
