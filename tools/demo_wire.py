"""What proxy and agent say to each other, read from the bytes between them.

There is nothing around a message of mirrord-protocol that says where it ends: to find the next one,
every field has to be walked over. ENUMS and RECORDS describe just the messages that can occur in
the demo. A Walker gives the names in each message, not its contents; a Relay lets the bytes pass.
"""
import socket
import threading

# Enums, by number: the name that is kept ("" for none), and the fields behind it.
ENUMS = {
    "ClientMessage": {
        0: ("Close", ""), 2: ("TcpSteal", "LayerTcpSteal"), 7: ("Ping", ""),
        10: ("SwitchProtocolVersion", "word"), 11: ("ReadyForLogs", ""),
        14: ("OperatorPong", "number")},
    "DaemonMessage": {
        0: ("Close", "text"), 2: ("TcpSteal", "DaemonTcp"), 5: ("LogMessage", "text Level"),
        7: ("Pong", ""), 11: ("SwitchProtocolVersionResponse", "word"),
        13: ("OperatorPing", "number")},
    "LayerTcpSteal": {
        0: ("PortSubscribe", "StealType"), 1: ("ConnectionUnsubscribe", "number"),
        2: ("PortUnsubscribe", "number"), 3: ("Data", "number text"),
        4: ("HttpResponse", "answer text"), 5: ("HttpResponseFramed", "answer frames"),
        6: ("HttpResponseChunked", "ChunkedResponse")},
    "DaemonTcp": {
        0: ("NewConnectionV1", "connection"), 1: ("Data", "number text"), 2: ("Close", "number"),
        3: ("SubscribeResult", "Result"), 4: ("HttpRequest", "request text numbers"),
        5: ("HttpRequestFramed", "request frames numbers"),
        6: ("HttpRequestChunked", "ChunkedRequest"),
        7: ("NewConnectionV2", "connection Transport")},
    "ChunkedRequest": {
        0: ("StartV1", "request frames numbers"), 1: ("Body", "chunk"),
        3: ("StartV2", "number number request frames flag Metadata Transport")},
    "ChunkedResponse": {
        0: ("Start", "answer frames"), 1: ("Body", "chunk"), 2: ("Error", "number number")},
    "StealType": {0: ("", "number"), 1: ("", "number text"), 2: ("", "number Filter")},
    "Filter": {0: ("", "text"), 1: ("", "text")},
    "Result": {0: ("", "number")},
    "Level": {0: ("", ""), 1: ("", ""), 2: ("", "")},
    "Frame": {0: ("", "text"), 1: ("", "headers")},
    "Metadata": {0: ("", "SocketAddress SocketAddress")},
    "Transport": {0: ("", "")},
    "Address": {0: ("", "raw4"), 1: ("", "raw16")},
    "SocketAddress": {0: ("", "raw4 number"), 1: ("", "raw16 number")},
}
RECORDS = {
    "answer": "number number number number text headers",  # port, ids, status, version
    "request": "text text headers text",                   # method, uri, headers, version
    "numbers": "number number number",                     # ids and port of a request
    "chunk": "frames flag number number",
    "connection": "number Address number number Address",
}
WIDE = {251: 2, 252: 4, 253: 8, 254: 16}  # what a number's first byte says of its length


class NeedMore(Exception):
    """The message does not end in these bytes."""


class Unknown(Exception):
    """A message that ENUMS does not have."""


class Walker:
    """Takes one direction's bytes as they come, gives the messages that are complete."""

    def __init__(self, start):
        self.start, self.bytes, self.at, self.names = start, bytearray(), 0, []

    def feed(self, data):
        """The messages that end in `data`, each as the list of the names in it."""
        self.bytes += data
        messages = []
        while self.bytes:
            self.at, self.names = 0, []
            try:
                self.walk(self.start)
            except NeedMore:
                break
            del self.bytes[:self.at]
            messages.append(self.names)
        return messages

    def walk(self, shape):
        if shape in ENUMS:
            self.variant(shape)
        elif shape in RECORDS:
            self.fields(RECORDS[shape])
        else:
            getattr(self, shape)()

    def fields(self, shapes):
        for shape in shapes.split():
            self.walk(shape)

    def variant(self, shape):
        number = self.number()
        if number not in ENUMS[shape]:
            raise Unknown(f"number {number} of {shape}")
        name, fields = ENUMS[shape][number]
        if name:
            self.names.append(name)
        self.fields(fields)

    def raw(self, size):
        if self.at + size > len(self.bytes):
            raise NeedMore
        self.at += size
        return bytes(self.bytes[self.at - size:self.at])

    def number(self):
        first = self.raw(1)[0]
        return int.from_bytes(self.raw(WIDE[first]), "little") if first in WIDE else first

    def text(self):
        return self.raw(self.number())

    def word(self):
        """A text that counts as a name, since it is what the demo wants to know."""
        self.names.append(self.text().decode())

    def flag(self):
        self.raw(1)

    def raw4(self):
        self.raw(4)

    def raw16(self):
        self.raw(16)

    def frames(self):
        for _ in range(self.number()):
            self.walk("Frame")

    def headers(self):
        for _ in range(self.number()):
            self.text()
            for _ in range(self.number()):
                self.text()


def at_once(connection):
    """Small writes leave when they are made, so that the times shown are those of others."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def connect(port, patience_s=None):
    return at_once(socket.create_connection(("127.0.0.1", port), patience_s))


class Listener:
    """A free port; each connection to it goes to `serve`, in a thread of its own."""

    def __init__(self, serve):
        self.serve, self.socket = serve, socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            at_once(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close(self):
        """The shutdown wakes who waits in accept, which a close does not."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Relay:
    """Stands between proxy and agent; `said` holds what each of them said, oldest first.

    A message is noted before its bytes are passed on: what anybody learns from it comes later.
    """

    def __init__(self, agent_port):
        self.agent_port, self.said, self.trouble = agent_port, [], None
        self.listener = Listener(self.serve)
        self.port = self.listener.port

    def close(self):
        self.listener.close()

    def serve(self, proxy):
        with proxy, connect(self.agent_port) as agent:
            back = threading.Thread(target=self.pump, args=(agent, proxy, "agent", "DaemonMessage"),
                                    daemon=True)
            back.start()
            self.pump(proxy, agent, "proxy", "ClientMessage")
            back.join()

    def pump(self, source, sink, who, start):
        walker = Walker(start)
        try:
            while data := source.recv(65536):
                self.note(walker, who, data)
                sink.sendall(data)
        except OSError:
            pass  # who ended it with a reset ended it all the same
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def note(self, walker, who, data):
        if self.trouble:
            return
        try:
            self.said += [(who, names) for names in walker.feed(data)]
        except (Unknown, ValueError) as error:
            self.trouble = f"the {who} said something that this demo cannot read: {error}"

    def names(self, who, since=0, until=None):
        """What one of the two said, of all messages from the `since`-th to before the `until`-th."""
        return [names for speaker, names in self.said[since:until] if speaker == who]
