"""Room 2: AWS's protocols, from botocore's models. Pure."""
