"""AWS's protocols, from botocore's models: requests in, answers out."""
