"""At which address the jobs of this machine reach each other."""

import socket

_ANYWHERE = ("192.0.2.1", 9)
"""Nothing is sent there: the kernel is only asked which of its addresses it would use (RFC 5737)."""
LOOPBACK = "127.0.0.1"


def own_address() -> str:
    """The machine's own IPv4 address, as others of its network know it; loopback where it has no network.

    What listens on all addresses, or on the address that the host's name stands for, is reached there, as on AWS.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(_ANYWHERE)
        except OSError:
            return LOOPBACK
        found: str = asking.getsockname()[0]
        return found
