"""The policy simulator, and the condition keys that policies ask for."""
