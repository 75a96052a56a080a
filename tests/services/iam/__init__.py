"""IAM through boto3: each noun, each recorded text."""
