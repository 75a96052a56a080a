"""The account as a whole: its alias, its summary, everything in it at once."""
