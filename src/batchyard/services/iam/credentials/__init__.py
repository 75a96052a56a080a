"""What principals prove themselves with: keys, passwords, MFA devices, certificates."""
