"""The IAM policy language: documents in, decisions out. Pure: no store, no clock, no network."""
