"""AWS CloudTrail: its name and principal."""

from batchyard.framework.service import Service

cloudtrail = Service("cloudtrail", principal="cloudtrail.amazonaws.com", title="CloudTrail")
