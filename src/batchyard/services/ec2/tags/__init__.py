"""Tags of every resource of EC2: as rows, as given when something is made, and their operations."""
