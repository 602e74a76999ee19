# SPDX-License-Identifier: Apache-2.0
#
# A client that owns some keys and knows what may be in them (models.py): it asks at random and looks at every reply.
#
# Each value holds its client's name and a number, and each kind of request has another kind of reply, so that a reply
# that belongs to somebody else, or to another request, is seen at once. To add something to do: a method named do_…

import collections
import json
import random
import threading
import time

from breaking.models import Counter, Register, short
from breaking.world import EXCUSED, Wrong
from transcripts.replies import text
from transcripts.server import Client, Closed, NoReply

REGISTERS = 4
MARKERS = 8
LARGEST = 30000

COUNT_UP = json.dumps({
    "kind": "script", "argv": [], "keyv": ["key"], "cmds": [
        {"kind": "declare", "assign": {"kind": "key", "name": "key_0", "readable": "key"},
         "value": {"kind": "load_key_arg", "index": 0}},
        {"kind": "return", "value": {"kind": "call", "name": "redis.call", "no_adjust": False, "args": [
            {"kind": "val", "value": "incrby", "type": "str"}, {"kind": "key", "name": "key_0", "readable": "key"},
            {"kind": "val", "value": 1, "type": "int"}]}}]}).encode()


class Refused(Exception):
    """An error reply that is excused. `sure`: the request was not executed."""

    def __init__(self, sure):
        super().__init__()
        self.sure = sure


class CheckingClient(threading.Thread):
    def __init__(self, world, number, seed):
        super().__init__(daemon=True)
        self.world = world
        self.chance = random.Random(f"{seed}.{number}")
        self.number = number
        self.tag = f"{{c{number}}}"
        self.sequence = 0
        self.history = collections.deque(maxlen=30)
        self.client = None        # the connection, and when it was known to be open
        self.alive_at = 0.0
        self.listener = None      # the one that is subscribed, since when, and when it was known to be open
        self.listener_since = self.listener_alive_at = 0.0
        self.heard = 0
        self.registers = [Register(self.key(f"r{each}")) for each in range(REGISTERS)]
        self.counter = Counter(self.key("count"))
        self.scripted = Counter(self.key("scripted"))
        self.new_pair()
        actions = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("do_")]
        self.actions = [each for each in actions if each != self.do_script or world.settings["graphs"]]

    def key(self, name):
        return (self.tag + name).encode()

    def new_pair(self):
        self.sequence += 1
        self.pair = Counter(self.key(f"a{self.sequence}"))
        self.pair_twin = self.key(f"b{self.sequence}")

    # ---- the life of a client

    def run(self):
        try:
            while not self.set_up():
                pass
            while not self.world.stopped.is_set():
                try:
                    self.chance.choice(self.actions)()
                except Refused:
                    pass
            self.look_at_all()
        except Wrong as found:
            self.world.fail("\n".join([f"client {self.number}: {found}", *("    " + line for line in self.history)]))
        except Exception as error:  # a fault of this program must not look like success
            self.world.fail(f"client {self.number}: {type(error).__name__}: {error}\n" +
                            "\n".join("    " + line for line in self.history))
            raise

    def set_up(self):
        try:
            for each in range(MARKERS):
                self.ask(b"SET", self.key(f"m{each}"), self.marker(each), wants="status")
            return True
        except Refused:
            return self.world.stopped.is_set()

    def marker(self, number):
        return f"marker {number} of {self.tag}".encode()

    def look_at_all(self):
        """In the end, when all is well again: what is acknowledged is there."""
        self.world.counts["clients that looked at the end"] += 1
        until = time.monotonic() + self.world.limit
        while True:
            try:
                for register in self.registers:
                    register.read(self.ask(b"GET", register.key, wants="string or nil"))
                for counter in (self.counter, self.scripted, self.pair):
                    counter.read(int(self.ask(b"GET", counter.key, wants="string or nil") or 0))
                return
            except Refused:
                if time.monotonic() > until:
                    raise Wrong("errors to the end") from None

    # ---- asking

    def connect(self):
        until = time.monotonic() + self.world.limit
        while True:
            try:
                return Client(self.world.address, self.chance.choice((2, 3)))
            except (OSError, Closed, NoReply) as why:
                if self.world.settings["proxied"] or time.monotonic() > until + 10:
                    raise Wrong(f"no connection: {why!r}") from None
                time.sleep(0.02)

    def exchange(self, commands):
        """Sends all, then reads all replies; None in place of those that did not come, where the end is excused."""
        if not self.client:
            self.client = self.connect()
            self.alive_at = time.monotonic()
        sent_at = time.monotonic()
        for words in commands:
            self.history.append(f"{sent_at:.3f} > " + " ".join(short_word(word) for word in words))
        self.client.send_bytes(b"".join(encoded(words) for words in commands))
        got = []
        try:
            for _ in commands:
                got.append(self.client.reply(self.world.limit))
                self.note(got[-1])
                self.alive_at = time.monotonic()
                self.world.counts["replies"] += 1
        except Closed:
            self.history.append(f"{time.monotonic():.3f} (closed)")
            self.client.close()
            self.client = None
            self.world.excuse(min(sent_at, self.alive_at), "closed")
        except NoReply:
            raise Wrong(f"no reply and the connection still open after {self.world.limit} s") from None
        except ValueError as error:
            raise Wrong(f"this is no RESP: {error}") from None
        self.sent_at = sent_at
        return got + [None] * (len(commands) - len(got))

    def note(self, reply):
        self.history.append(f"{time.monotonic():.3f}   " + text(reply)[:160].replace("\n", " "))

    def value(self, reply, wants):
        """What the reply holds, if it is of that kind. None (the connection has ended) and errors are raised."""
        if reply is None:
            raise Refused(sure=False)
        if reply.kind == "error":
            said = reply.value.decode("utf-8", "replace")
            code = said.split(" ")[0]
            if code not in EXCUSED:
                raise Wrong(f"an error that no fault explains: {said}")
            self.world.excuse(self.sent_at, said)
            raise Refused(EXCUSED[code])
        if wants == "string or nil" and reply.kind in ("string", "nil", "nil array"):
            return reply.value
        if reply.kind != wants:
            raise Wrong(f"a reply of another kind: {text(reply)[:200]} in place of {wants}")
        return reply.value

    def ask(self, *words, wants):
        return self.value(self.exchange([words])[0], wants)

    def new_value(self):
        self.sequence += 1
        filler = self.chance.choice((0, 0, 10, 100, 3000, LARGEST))
        return f"{self.tag}:{self.sequence}:".encode() + b"x" * self.chance.randrange(filler + 1)

    # ---- what it does

    def do_set(self):
        register, value = self.chance.choice(self.registers), self.new_value()
        self.settle(register, value, self.exchange([[b"SET", register.key, value]])[0])

    def settle(self, register, value, reply):
        try:
            if self.value(reply, "status") != b"OK":
                raise Wrong(f"SET gave {text(reply)}")
            register.acknowledged(value)
        except Refused as refused:
            if not refused.sure:
                register.in_doubt(value)

    def do_get(self):
        register = self.chance.choice(self.registers)
        register.read(self.ask(b"GET", register.key, wants="string or nil"))

    def do_count(self):
        self.count(self.exchange([[b"INCR", self.counter.key]])[0])

    def count(self, reply):
        try:
            self.counter.counted(self.value(reply, "integer"))
        except Refused as refused:
            if not refused.sure:
                self.counter.in_doubt()

    def do_marker(self):
        number = self.chance.randrange(MARKERS)
        self.is_marker(number, self.exchange([[b"GET", self.key(f"m{number}")]])[0])

    def is_marker(self, number, reply):
        value = self.value(reply, "string or nil")
        if value != self.marker(number):
            raise Wrong(f"{self.marker(number).decode()} is {short(value)}")

    def do_pipeline(self):
        """Writes, counts and markers in any order: each reply must be its own request's."""
        commands, checks = [], []
        for _ in range(self.chance.choice((3, 10, 40))):
            what = self.chance.random()
            if what < 0.5:
                number = self.chance.randrange(MARKERS)
                commands.append([b"GET", self.key(f"m{number}")])
                checks.append(lambda reply, number=number: self.is_marker(number, reply))
            elif what < 0.7:
                commands.append([b"INCR", self.counter.key])
                checks.append(self.count)
            elif what < 0.85:
                register, value = self.chance.choice(self.registers), self.new_value()
                commands.append([b"SET", register.key, value])
                checks.append(lambda reply, register=register, value=value: self.settle(register, value, reply))
            else:
                register = self.chance.choice(self.registers)
                commands.append([b"GET", register.key])
                checks.append(lambda reply, register=register: register.read(self.value(reply, "string or nil")))
        for check, reply in zip(checks, self.exchange(commands)):
            try:
                check(reply)
            except Refused:
                pass

    def do_transaction(self):
        """All of a block or nothing; its two counters are equal for ever."""
        number = self.chance.randrange(MARKERS)
        commands = [[b"MULTI"], [b"INCR", self.pair.key], [b"GET", self.key(f"m{number}")], [b"INCR", self.pair_twin], [b"EXEC"]]
        replies = self.exchange(commands)
        if not self.is_queued(replies):
            self.new_pair()
            return
        try:
            done = self.value(replies[-1], "array")
        except Refused as refused:
            if not refused.sure:
                self.pair.in_doubt()
            return
        one, marker, other = done
        if one.kind == "error" or marker.kind == "error" or other.kind == "error":
            raise Wrong(f"half a block: {text(replies[-1])}")
        self.is_marker(number, marker)
        if one.value != other.value:
            raise Wrong(f"a block was executed in part: {one.value} and {other.value}")
        self.pair.counted(one.value)

    def is_queued(self, replies):
        """Whether a block was begun; what MULTI and the commands behind it said is looked at."""
        for reply, wanted in zip(replies, [b"OK"] + [b"QUEUED"] * (len(replies) - 2)):
            if reply is not None and reply.kind != "error" and reply.value != wanted:
                raise Wrong(f"in a block: {text(reply)[:200]} in place of {wanted.decode()}")
        return replies[0] is not None and replies[0].kind != "error"

    def do_look_at_pair(self):
        one, other = self.ask(b"MGET", self.pair.key, self.pair_twin, wants="array")
        if one.value != other.value:
            raise Wrong(f"a block was executed in part: {one.value} and {other.value}")
        self.pair.read(int(one.value or 0))

    def do_watched(self):
        """WATCH, a look, and a block that may be refused only where something is broken or in doubt."""
        register, value = self.chance.choice(self.registers), self.new_value()
        self.ask(b"WATCH", register.key, wants="status")
        try:
            register.read(self.ask(b"GET", register.key, wants="string or nil"))
        except Refused:
            self.ask(b"UNWATCH", wants="status")
            return
        doubtful = bool(register.doubtful)
        began = self.sent_at
        replies = self.exchange([[b"MULTI"], [b"SET", register.key, value], [b"EXEC"]])
        if not self.is_queued(replies):
            return register.in_doubt(value)
        last = replies[-1]
        if last is not None and last.kind in ("nil", "nil array"):
            if self.world.is_calm(began) and not doubtful:
                raise Wrong("EXEC gave nothing, though nobody has touched the key")
        elif last is None or last.kind == "error":
            self.settle(register, value, last)
        else:
            self.settle(register, value, self.value(last, "array")[0])
        return None

    def do_pop(self):
        """An element that was pushed is popped, once."""
        self.sequence += 1
        key, value = self.key(f"list{self.sequence}"), self.new_value()
        pushed = self.ask(b"RPUSH", key, value, wants="integer")
        if pushed != 1:
            raise Wrong(f"a new list has {pushed} elements")
        self.is_popped(key, value, self.exchange([[b"BLPOP", key, b"2"]])[0])
        if self.ask(b"EXISTS", key, wants="integer") != 0:
            raise Wrong(f"the last element of {key.decode()} was popped, and the list is there")

    def is_popped(self, key, value, reply):
        popped = [each.value for each in self.value(reply, "array")]
        if popped != [key, value]:
            raise Wrong(f"popped {[short(each) for each in popped]}, not {key.decode()} {short(value)}")

    def do_wait_for_push(self):
        """One connection waits, another pushes."""
        self.sequence += 1
        key, value = self.key(f"list{self.sequence}"), self.new_value()
        waiting = self.connect()
        try:
            sent_at = time.monotonic()
            waiting.send(b"BLPOP", key, b"2")
            pushed = self.exchange([[b"RPUSH", key, value]])[0]
            try:
                self.value(pushed, "integer")
                acknowledged = True
            except Refused:
                acknowledged = False
            try:
                reply = waiting.reply(self.world.limit)
            except Closed:
                return self.world.excuse(sent_at, "closed")
            except NoReply:
                raise Wrong(f"a client that waits has no reply after {self.world.limit} s") from None
            self.note(reply)
            if reply.kind in ("nil", "nil array"):
                if acknowledged and self.world.is_calm(sent_at):
                    raise Wrong(f"{key.decode()} was pushed to, and who waited got nothing")
                return None
            self.sent_at = sent_at
            return self.is_popped(key, value, reply)
        finally:
            waiting.close()

    def do_script(self):
        try:
            said = self.ask(b"EVAL", COUNT_UP, b"1", self.scripted.key, wants="string or nil")
            if said is None or not said.isdigit():
                raise Wrong(f"a script that counts gave {short(said)}")
            self.scripted.counted(int(said))
        except Refused as refused:
            if not refused.sure:
                self.scripted.in_doubt()

    def do_publish(self):
        """What one client publishes arrives in order, and all of it while nothing is broken."""
        channel = self.key("channel")
        if not self.listener:
            self.listener = self.connect()
            self.listener_alive_at = time.monotonic()
            self.listener.send(b"SUBSCRIBE", channel)
            if not self.listen_for(lambda message: message[0] == b"subscribe"):
                return
            self.listener_since = self.listener_alive_at = time.monotonic()
        self.sequence += 1
        number = self.sequence
        heard_by = self.ask(b"PUBLISH", channel, b"%d" % number, wants="integer")
        calm = self.world.is_calm(self.listener_since)
        if heard_by == 0:
            self.listen_for(lambda message: False, is_due=False)  # it may have ended
            calm = calm and self.listener is not None
        if calm and heard_by == 0 and not self.world.settings["cluster"]:
            raise Wrong("nobody has heard what was published, and the subscriber is still connected")
        self.listen_for(lambda message: message[-1] == b"%d" % number, is_due=calm)

    def listen_for(self, is_it, is_due=True):
        """Reads messages up to this one; false where the connection has ended or the message may be missing."""
        began = time.monotonic()
        alive_at = self.listener_alive_at  # what is read below may have lain there for long
        while self.listener:
            try:
                reply = self.listener.any_reply(0.1 if is_due else 0.02)
            except NoReply:
                if not is_due or not self.world.is_calm(began):
                    self.listener_alive_at = time.monotonic()
                    return False
                if time.monotonic() > began + self.world.limit:
                    raise Wrong("a message has not come, and the connection is still open") from None
                continue
            except Closed:
                self.listener.close()
                self.listener = None
                self.world.excuse(min(began, alive_at), "closed")
                return False
            self.listener_alive_at = time.monotonic()
            if reply.kind == "error":
                self.sent_at = began
                self.listener.close()
                self.listener = None
                try:
                    self.value(reply, "push")
                except Refused:
                    return False
            message = [each.value for each in reply.value]
            if message[1] != self.key("channel"):
                raise Wrong(f"a message of another channel: {text(reply)[:200]}")
            if message[0] == b"message":
                if int(message[2]) <= self.heard:
                    raise Wrong(f"message {int(message[2])} came behind {self.heard}")
                self.heard = int(message[2])
            if is_it(message):
                return True
        return False


def encoded(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def short_word(word):
    return word[:60].decode("utf-8", "replace") + ("…" if len(word) > 60 else "")
