"""A Docker daemon of one's own, and images made of what is on the machine: no registry is reached."""
