"""A port for a program that is told where to listen."""
import random
import socket


def free_port():
    """A port that nobody listens on, below the range from which the kernel takes those of outgoing connections:
    otherwise one of these, or another test's listener, might have it before the program does. Nor one on which
    a connection of before is still being forgotten (TIME_WAIT): not every program listens there."""
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port")
