"""A port to listen on, for a test and for a program that is told where."""
import random
import socket

BLOCK, FIRST, END = 200, 20000, 32000

_claims = []  # held until this process ends
_left = []  # ports of the block that was claimed last


def _claim_block():
    """The ports of a block that no other process of these tests has, or had and is still there: whoever still
    connects to a port of a program that has ended would find another test's. Names like this one vanish with
    their process."""
    for begin in random.sample(range(FIRST, END, BLOCK), (END - FIRST) // BLOCK):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0intproxyd-test-ports-{begin}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return random.sample(range(begin, begin + BLOCK), BLOCK)
    raise OSError("no free port")


def _can_be_bound(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port that nobody listens on, below the range from which the kernel takes those of outgoing connections:
    otherwise one of these, or another test's listener, might have it before the program does. Nor one on which
    a connection of before is still being forgotten (TIME_WAIT): not every program listens there."""
    global _left
    while True:
        if not _left:
            _left = _claim_block()
        port = _left.pop()
        if _can_be_bound(port):
            return port
