"""`python -m batchyard`."""

from batchyard.cli import main

main()
