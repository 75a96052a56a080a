"""VPCs, subnets and security groups, and the zones where they are."""
