"""Terraform's own AWS provider against a running server: modules made, changed, replaced, imported, destroyed."""
