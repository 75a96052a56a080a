"""Identity providers, and the account's own issuer of tokens."""
