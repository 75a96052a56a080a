"""Task definitions and what they say of their container."""
