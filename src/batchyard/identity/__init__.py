"""Who makes a call, and the keys that seal what proves it: below the audit, so that every room may ask."""
