"""Each service, one file a noun, through boto3 to a real server."""
