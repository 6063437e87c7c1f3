"""Refuse every connection but to this machine itself.

The folder stands first on PYTHONPATH while the tests run, so that every
Python process started by them, kernels too, imports this file.
"""

import sys

LOOPBACK = ("127.", "::1", "localhost")


def refuse(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host and not host.startswith(LOOPBACK):
        # What a computer without a network says, and what courses must mend.
        raise ConnectionRefusedError(f"the tests have no network: {host}")


sys.addaudithook(refuse)
