# SPDX-License-Identifier: Apache-2.0
#
# The keyspace notifications of both servers, compared after each step: which events of which keys, each once, in any
# order (we tell a key's event once for a command, Redis for MSET a 1 a 2 twice).

from transcripts.replies import Reply

CHANNELS = b"__keyevent@*__:*"


class Events:
    """The servers were started with notify-keyspace-events KEA."""

    def __init__(self, ours, judge):
        self.listeners = (ours, judge)
        for client in self.listeners:
            client.call(b"PSUBSCRIBE", CHANNELS)

    def difference(self):
        """None, or which events only one of them told since the last call."""
        ours, judge = (set(heard(client)) for client in self.listeners)
        if ours == judge:
            return None
        return "events only ours: {}, only the judge's: {}".format(
            *(sorted(b" ".join(event) for event in events) for events in (ours - judge, judge - ours)))


def heard(client):
    """What was told up to now: (channel, key)."""
    client.send(b"PING")
    while True:
        message = client.any_reply()
        parts = [part.value for part in message.value] if message.kind in ("array", "push") else []
        if parts[:1] != [b"pmessage"]:
            assert message == Reply("array", [Reply("string", b"pong"), Reply("string", b"")]), message
            return
        yield parts[2], parts[3]
