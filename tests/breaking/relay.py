#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# A network between our server and an upstream that can be broken: copies bytes between the connections to its port and
# connections of its own to the upstream. A program of its own, so that it takes no time from the clients that check.
#
#   relay.py UPSTREAM     its port, or the path of its Unix socket. Prints the port that it listens on; then does what lines
#                         of standard input say, and prints the word when it is done:
#
#   cut N      the connection that carries the Nth byte from now towards the client is cut behind it
#   cut-up N   the same of bytes towards the upstream
#   hang N     the connection that carries the Nth byte from now towards the client carries nothing from then on
#   heal       forgets a cut that has not happened yet, and cuts what hangs
#   cross      the next pieces for two different clients are exchanged; swap, double, lose: two replies of one piece
#              trade places, a reply comes twice, one does not come. No network does so: these show that somebody looks.

import selectors
import socket
import sys

PIECE = 65536


class Leg:
    """One direction's end: a socket, the leg that it copies to, and what that one has not taken yet."""

    def __init__(self, sock, towards_client):
        self.socket = sock
        self.towards_client = towards_client  # what is read here goes to a client
        self.peer = None
        self.waiting = bytearray()
        self.hangs = False


def connect(upstream):
    if not upstream.startswith("/"):
        return socket.create_connection(("127.0.0.1", int(upstream)), 1)
    server = socket.socket(socket.AF_UNIX)
    server.settimeout(1)
    server.connect(upstream)
    return server


class Relay:
    def __init__(self, upstream):
        self.upstream = upstream
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ, "orders")
        self.orders = b""
        self.bytes_left = {}      # "cut", "cut-up", "hang" -> bytes until then
        self.mischief = None
        self.held = None          # (leg, piece) of a cross
        print(self.listener.getsockname()[1], flush=True)

    def run(self):
        while True:
            for key, events in self.selector.select():
                if key.fileobj is self.listener:
                    self.accept()
                elif key.data == "orders":
                    self.take_orders(key.fileobj)
                elif key.data.socket.fileno() >= 0:
                    if events & selectors.EVENT_WRITE:
                        self.flush(key.data)
                    if events & selectors.EVENT_READ and key.data.socket.fileno() >= 0:
                        self.copy(key.data)

    def take_orders(self, stream):
        data = stream.read(PIECE)
        if not data:
            sys.exit(0)
        *lines, self.orders = (self.orders + data).split(b"\n")
        for line in lines:
            word, _, number = line.decode().partition(" ")
            if word == "heal":
                self.bytes_left.clear()
                for key in list(self.selector.get_map().values()):
                    if isinstance(key.data, Leg) and key.data.hangs:
                        self.close(key.data)
                print(word, flush=True)
            elif number:
                self.bytes_left[word] = int(number)
            else:
                self.mischief = word

    def accept(self):
        client, _ = self.listener.accept()
        try:
            server = connect(self.upstream)
        except OSError:
            client.close()
            return
        legs = Leg(client, False), Leg(server, True)
        legs[0].peer, legs[1].peer = legs[1], legs[0]
        for leg in legs:
            leg.socket.setblocking(False)
            if leg.socket.family != socket.AF_UNIX:
                leg.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(leg.socket, selectors.EVENT_READ, leg)

    def copy(self, leg):
        try:
            piece = leg.socket.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            return self.close(leg)
        if leg.hangs:
            return None
        names = ("cut", "hang") if leg.towards_client else ("cut-up",)
        for name in names:
            if name in self.bytes_left:
                self.bytes_left[name] -= len(piece)
                if self.bytes_left[name] <= 0:
                    piece = piece[:len(piece) + self.bytes_left.pop(name)]
                    self.send(leg.peer, piece)
                    print(name, flush=True)
                    if name != "hang":
                        return self.close(leg)
                    leg.hangs = leg.peer.hangs = True
                    return None
        if leg.towards_client and self.mischief:
            return self.spoil(leg, piece)
        return self.send(leg.peer, piece)

    def spoil(self, leg, piece):
        if self.mischief == "cross":
            if self.held is None:
                self.held = leg, piece
            elif self.held[0] is leg:
                self.send(leg.peer, self.held[1])
                self.held = leg, piece
            else:
                other, its_piece = self.held
                self.held = None
                self.done()
                self.send(other.peer, piece)
                self.send(leg.peer, its_piece)
            return None
        # Only where the piece is made of whole lines; bulk strings here hold no line ends.
        replies = []
        for line in piece.split(b"\r\n")[:-1] if piece.endswith(b"\r\n") else ():
            if replies and replies[-1].startswith(b"$") and replies[-1].count(b"\r\n") == 1:
                replies[-1] += line + b"\r\n"
            else:
                replies.append(line + b"\r\n")
        if len(replies) < 2 or replies[0] == replies[1] or any(each[:1] in b"*>%~" for each in replies[:2]):
            return self.send(leg.peer, piece)
        first, second = replies[:2]
        replies[:2] = {"swap": [second, first], "double": [first, first, second], "lose": [second]}[self.mischief]
        self.done()
        return self.send(leg.peer, b"".join(replies))

    def done(self):
        print(self.mischief, flush=True)
        self.mischief = None

    def send(self, leg, piece):
        leg.waiting += piece
        self.flush(leg)

    def flush(self, leg):
        if leg.socket.fileno() < 0:
            return
        try:
            while leg.waiting:
                del leg.waiting[:leg.socket.send(leg.waiting)]
        except BlockingIOError:
            pass
        except OSError:
            return self.close(leg)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if leg.waiting else 0)
        self.selector.modify(leg.socket, events, leg)

    def close(self, leg):
        for each in (leg, leg.peer):
            if each.socket.fileno() >= 0:
                self.selector.unregister(each.socket)
                each.socket.close()


if __name__ == "__main__":
    Relay(sys.argv[1]).run()
