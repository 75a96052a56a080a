"""EC2 through boto3, against a real server."""
