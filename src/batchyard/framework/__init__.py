"""What a service is written with."""
