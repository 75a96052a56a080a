"""What this machine has of Kubernetes."""

import shutil


def found() -> str:
    """kubectl, without a call to any cluster."""
    found = shutil.which("kubectl")
    return "no kubectl on the PATH" if found is None else found
