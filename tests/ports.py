"""A port for a program that is told where to listen."""
import random
import socket


def free_port():
    """A port that nobody listens on, below the range from which the kernel takes those of outgoing connections:
    otherwise one of these, or another test's listener, might have it before the program does."""
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port")
