"""The Docker engine: not built yet; `doctor` says what the machine has for it."""
