"""Route tables and network ACLs: what decides where packets go, and which."""
