"""What really runs containers: a contract that every engine keeps (`contract.py`), and one folder for each kind."""
