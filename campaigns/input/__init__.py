"""Bad input: generated requests, most of them absurd, sent to a served process (run.py)."""
