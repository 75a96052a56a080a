"""AWS Security Token Service: its name and principal."""

from batchyard.framework.service import Service

sts = Service("sts", principal="sts.amazonaws.com", title="STS", is_global=True)
