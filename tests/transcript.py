#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs a transcript (tests/commands/*.redis) against a server that it starts itself, and shows what differs.
#
#   transcript.py FILE... --server 'redis-server --port 0 --unixsocket {socket} --dir {dir}' --kind judge --resp 3
#
# --kind judge  a real Redis: its replies are right by definition; steps newer than it, or ours alone, are left out
# --kind ours   this server, started with a manual clock
# --update      writes the judge's replies into the file, where they differ or are missing, for both protocol versions
# --real-time   lets the judge wait where the transcript moves the clock (otherwise it leaves such steps out)
# --section RE  only the sections whose heading matches
#
# The format is described in tests/README.md. The pieces: transcripts/script.py reads files, transcripts/replies.py
# reads, prints and compares replies, transcripts/server.py starts the server and holds its connections.

import argparse
import re
import sys
import time

from transcripts import replies, script
from transcripts.replies import Reply, Rules
from transcripts.server import TIMEOUT, Client, Closed, NoReply, Server

LONGEST_WAIT_ON_JUDGE = 50  # milliseconds
SUBSCRIBING = {b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE"}


class SkipRest(Exception):
    """What follows in this section cannot be run on this server."""


class Run:
    """One pass of a script over one server in one protocol version."""

    def __init__(self, server_of, parsed, arguments, resp):
        self.server_of = server_of
        self.script = parsed
        self.arguments = arguments
        self.resp = resp
        self.kind = arguments.kind
        self.server = None
        self.clients = {}
        self.variables = {}
        self.seen = {}            # step line -> replies, for --update
        self.passed = self.skipped = 0
        self.failures = []

    # ---- sections

    def run(self):
        self.server = self.server_of(self.script.options)
        try:
            for section in self.script.sections:
                if self.includes(section):
                    self.run_section(section)
        finally:
            if not self.server.stop():
                self.failures.append(f"{self.script.path}: the server ended badly:\n{self.server.last_words}")
        return self

    def includes(self, section):
        settings = section.settings
        if self.arguments.section and not re.search(self.arguments.section, section.title):
            return False
        if f"resp{5 - self.resp}" in settings or not self.includes_kind(settings):
            self.skipped += len(section.steps)
            return False
        return True

    def includes_kind(self, words):
        if self.kind == "ours":
            return "judge" not in words
        if "since" in words and self.server.version < version(words["since"]):
            return False
        return "ours" not in words

    def run_section(self, section):
        if "fresh" in section.settings:
            self.restart()
        self.server.control.call(b"FLUSHALL")
        self.variables.clear()
        at = 0
        try:
            for at, step in enumerate(section.steps):
                self.run_step(step)
            self.check_silence(section)
        except SkipRest:
            self.skipped += len(section.steps) - at
        except (ConnectionRefusedError, NoReply, Closed) as error:
            self.fail(section.steps[at], "a server that answers", f"none ({type(error).__name__})")
            self.restart()
        finally:
            for client in self.clients.values():
                client.close()
            self.clients.clear()

    def restart(self):
        self.server.stop()
        self.server = self.server_of(self.script.options)

    def check_silence(self, section):
        """Nothing may have been said that no step has read."""
        if self.arguments.update:
            return
        self.server.settle()
        for name, client in self.clients.items():
            if client.in_doubt:
                continue
            try:
                said = replies.text(client.message(timeout=0))
            except (NoReply, Closed):
                continue
            except ValueError:
                said = replies.quote(client.buffer)
            self.fail(section.steps[-1], f"nothing more to {name} in this section", said)

    # ---- steps

    def run_step(self, step):
        words = step.directives
        if not self.includes_kind(words) or words.get("resp", str(self.resp)) != str(self.resp):
            self.skipped += 1
            return
        if "time" in words:
            self.move_time(words["time"])
        if step.action == "reconnect":
            if step.client in self.clients:
                self.clients.pop(step.client).close()
            self.client(step)
        elif step.action == "raw read":
            self.read_raw(step)
        elif step.action == "raw send" and not step.expected:
            self.client(step).send_bytes(replies.unquote(self.raw_text(step)))
        else:
            self.check(step)

    def check(self, step):
        for _ in range(int(step.directives.get("repeat", 1))):
            got = self.ask(step)
            client = self.client(step)
            self.seen[step.line] = (client.resp, got)
            self.save(step, got)
            wanted = step.wants(client.resp)
            if self.arguments.update:
                continue
            if wanted is None:
                return self.fail(step, "(no expectation is written)", texts(got))
            if not self.same(step, client, wanted, got):
                return self.fail(step, texts(wanted), texts(got))
        self.passed += 1
        return None

    def same(self, step, client, wanted, got):
        rules = Rules(client.resp, "unordered" in step.directives,
                      self.kind == "judge" and self.server.version < (7, 2, 0))
        if len(wanted) > 1 and rules.unordered:
            return replies.matches_items(Reply("array", wanted), got, rules)
        return all_match(wanted, got, rules)

    def ask(self, step):
        """Does what the step says; gives what came back, as a list of replies."""
        client = self.client(step)
        command = b""
        if step.action == "raw send":
            client.send_bytes(replies.unquote(self.raw_text(step)))
        elif step.action == "send":
            words = [script.substitute(word, self.variables)
                     for word in script.split_words(script.expand(step.text, self.server.now))]
            command = words[0].upper()
            if "scan" in step.directives:
                return [self.scan(client, words, step.directives["scan"])]
            client.send(*words)
        got = self.listen(step, client, command)
        if step.client.startswith("raw"):  # what was said is bytes to us; a map shows that HELLO 3 was among them
            client.resp = 3 if got[0].kind == "map" else client.resp
        if command == b"HELLO" and got[0].kind in ("map", "array"):
            client.resp = 3 if got[0].kind == "map" else 2
        elif command == b"RESET" and got[0].kind == "status":
            client.resp = 2
        return got

    def listen(self, step, client, command):
        wanted = step.wants(client.resp) or []
        timeout = 0.5 if self.arguments.update else TIMEOUT
        got = []
        try:
            if wanted and wanted[0].kind in ("nothing", "no reply"):
                self.server.settle()
                got.append(client.message(timeout=0))
                return got
            if step.action == "send" and (self.arguments.update or wanted and wanted[0].kind == "blocks"):
                if self.blocks(client):
                    return [Reply("blocks")]
            for number in range(max(1, len(wanted))):
                is_push = number < len(wanted) and wanted[number].kind in ("push", "any")
                pushed = step.action == "read" or command in SUBSCRIBING or is_push
                got.append(client.message(timeout) if pushed else client.reply(timeout))
            if self.arguments.update and (step.action == "read" or command in SUBSCRIBING):
                self.server.settle()
                while True:
                    got.append(client.message(timeout=0))
        except NoReply:
            if not got:
                if wanted and wanted[0].kind in ("nothing", "no reply"):
                    return [Reply(wanted[0].kind)]
                client.in_doubt = not self.arguments.update
                got.append(Reply("nothing"))
        except Closed:
            got.append(Reply("closed"))
        except ValueError as error:
            client.in_doubt = True
            got.append(Reply("error", f"not RESP: {error}".encode()))
        return got

    def blocks(self, client):
        """True when the client waits inside the command; false when something came back."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            try:
                said = client.any_reply(timeout=0.001)
                if said.kind != "push":
                    client.returned.append(said)
                    return False
                client.pushes.append(said)
                if self.arguments.update:  # a subscription is answered by pushes only
                    return False
            except NoReply:
                if client.id and self.server.is_blocked(client):
                    return True
        return False

    def scan(self, client, words, how):
        """Runs a SCAN command until its cursor is 0 again; all that it found, once each."""
        at = 1 if words[0].upper() == b"SCAN" else 2
        found = {}
        for _ in range(100000):
            reply = client.call(*words)
            if reply.kind != "array":
                return reply
            cursor, items = reply.value
            items = items.value
            if how == "pairs":
                found.update({key.value: (key, value) for key, value in zip(items[::2], items[1::2])})
            else:
                found.update({item.value: item for item in items})
            if cursor.value == b"0":
                break
            words[at] = cursor.value
        kind = "map" if how == "pairs" else "set"
        if client.resp == 2:
            flat = [part for pair in found.values() for part in pair] if how == "pairs" else list(found.values())
            return Reply("array", flat)
        return Reply(kind, list(found.values()))

    def raw_text(self, step):
        body = script.expand(step.text, self.server.now)
        if len(body) < 2 or body[0] != '"' or body[-1] != '"':
            raise script.BadScript(f"{self.script.path}:{step.line}: bytes stand in double quotes")
        return body[1:-1]

    def read_raw(self, step):
        client = self.client(step)
        if step.expected_bytes == "(closed)":
            try:
                client.receive(time.monotonic() + TIMEOUT)
                got = replies.quote(client.buffer)
            except Closed:
                got = "(closed)"
            except NoReply:
                got = "(open)"
        else:
            wanted = replies.unquote(script.expand(step.expected_bytes, self.server.now)[1:-1])
            try:
                got = replies.quote(client.read_bytes(len(wanted)))
            except Closed:
                got = replies.quote(client.buffer) + " (closed)"
            except NoReply:
                got = replies.quote(client.buffer)
            if got == replies.quote(wanted):
                got = step.expected_bytes
        if got != step.expected_bytes:
            client.in_doubt = True
            self.fail(step, step.expected_bytes, got)
        else:
            self.passed += 1

    # ---- what steps need

    def client(self, step):
        name = step.client
        found = self.clients.get(name)
        if found and found.in_doubt:
            found.close()
            found = None
        if not found:
            raw = name.startswith("raw")
            found = self.clients[name] = Client(self.server.socket, 2 if raw else self.resp)
            if not raw:
                told = found.call(b"CLIENT", b"ID")
                found.id = str(told.value).encode() if told.kind == "integer" else None
                self.variables[name + ".id"] = found.id
        return found

    def move_time(self, amount):
        milliseconds = int(re.fullmatch(r"\+(\d+)ms", amount)[1])
        if self.kind == "ours":
            self.server.control.call(b"DEBUG", b"CLOCK", b"ADVANCE", str(milliseconds).encode())
        elif milliseconds <= LONGEST_WAIT_ON_JUDGE or self.arguments.real_time:
            time.sleep(milliseconds / 1000 + 0.002)
        else:
            raise SkipRest

    def save(self, step, got):
        name, _, place = step.directives.get("save", "").partition(" ")
        if name:
            reply = got[0]
            for index in place.split():
                reply = reply.value[int(index) - 1]
            value = reply.value
            self.variables[name] = value if isinstance(value, bytes) else str(value).encode()

    def fail(self, step, wanted, got):
        shown = "\n".join(f"  {side} {line}" for side, body in (("expected", wanted), ("     got", got))
                          for line in shorten(body).split("\n"))
        done = {"read": f"{step.client}:", "raw read": f"{step.client}<", "reconnect": "@reconnect"}
        what = done.get(step.action, f"{'' if step.client == 'client' else step.client}> {step.text}")
        self.failures.append(f"{self.script.path}:{step.line}: {step.section.title}\n  {what[:300]}\n{shown}")


def version(text):
    return tuple(int(part) for part in text.split(".")) + (0,) * (2 - text.count("."))


def texts(several):
    return "\n".join(replies.text(reply) if reply.kind not in ("blocks", "closed", "nothing", "no reply")
                     else f"({reply.kind})" for reply in several)


def shorten(body):
    lines = body.split("\n")
    return "\n".join(line[:400] for line in lines[:60]) + (f"\n… {len(lines) - 60} more lines" if len(lines) > 60 else "")


# ---- writing the judge's replies

def updated_lines(parsed, seen):
    """The file's lines with the replies that were seen, `seen` by step line, then protocol version."""
    lines = list(parsed.lines)
    steps = [step for section in parsed.sections for step in section.steps if step.line in seen]
    for step in reversed(steps):
        if step.has_patterns():
            continue
        by_version = seen[step.line]
        unordered = "unordered" in step.directives
        if all(step.wants(resp) is not None and all_match(step.wants(resp), got, Rules(resp, unordered))
               for resp, got in by_version.values()):
            continue
        lines[step.line:step.end] = new_block(by_version, unordered)
    return lines


def all_match(wanted, got, rules):
    return len(wanted) == len(got) and all(replies.matches(one, other, rules) for one, other in zip(wanted, got))


def new_block(by_version, unordered):
    if 2 not in by_version or 3 not in by_version:
        return texts(next(iter(by_version.values()))[1]).split("\n")
    (old_resp, old), (new_resp, new) = by_version[2], by_version[3]
    if len(old) == len(new):
        both = [merged(*pair) for pair in zip(new, old)]
        if old_resp == new_resp or all_match(both, old, Rules(2, unordered)):
            return texts(both).split("\n")
    doubles = set(doubles_in(Reply("array", new)))
    old = with_doubles(Reply("array", old), doubles).value
    return ["resp2:"] + texts(old).split("\n") + ["resp3:"] + texts(new).split("\n")


def doubles_in(reply):
    if reply.kind == "double":
        yield reply.value
    for item in reply.value if reply.kind in replies.AGGREGATES else ():
        for part in item if isinstance(item, tuple) else (item,):
            yield from doubles_in(part)


def with_doubles(reply, doubles):
    """The RESP2 reply, with the strings marked that are doubles in RESP3: an older judge prints them otherwise."""
    if reply.kind == "string" and reply.value in doubles:
        return Reply("double", reply.value)
    if reply.kind == "array":
        return Reply("array", [with_doubles(item, doubles) for item in reply.value])
    return reply


def merged(new, old):
    """The RESP3 reply, with RESP2's distinction between the two kinds of null."""
    if new.kind == "nil" and old.kind == "nil array":
        return old
    if new.kind not in replies.AGGREGATES or old.kind != "array":
        return new
    if new.kind == "map":
        if len(old.value) != 2 * len(new.value):
            return new
        pairs = zip(old.value[::2], old.value[1::2])
        return Reply("map", [(merged(key, k), merged(value, v)) for (key, value), (k, v) in zip(new.value, pairs)])
    if len(new.value) != len(old.value):
        return new
    return Reply(new.kind, [merged(*pair) for pair in zip(new.value, old.value)])


def update(path, arguments, server_of):
    seen = {}
    for resp in (2, 3):
        run = Run(server_of, script.read_script(path), arguments, resp).run()
        for line, got in run.seen.items():
            seen.setdefault(line, {})[resp] = got
        for failure in run.failures:
            print(failure, file=sys.stderr)
    parsed = script.read_script(path)
    lines = updated_lines(parsed, seen)
    if lines != parsed.lines:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description="Runs transcripts of commands and replies against a server.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--server", required=True, help="how to start it; {socket} and {dir} are replaced")
    parser.add_argument("--kind", choices=["ours", "judge"], required=True)
    parser.add_argument("--resp", type=int, choices=[2, 3], default=2)
    parser.add_argument("--section", help="only the sections whose heading matches this regular expression")
    parser.add_argument("--real-time", action="store_true", help="wait on the judge where the clock is moved")
    parser.add_argument("--update", action="store_true", help="write the judge's replies into the files")
    arguments = parser.parse_args()

    def server_of(options):
        return Server(arguments.server, arguments.kind, options)

    failed = False
    for path in arguments.files:
        try:
            if arguments.update:
                update(path, arguments, server_of)
                continue
            run = Run(server_of, script.read_script(path), arguments, arguments.resp).run()
        except (script.BadScript, RuntimeError) as error:
            print(error)
            failed = True
            continue
        for failure in run.failures:
            print(failure)
        print(f"{path}: {run.passed} passed, {len(run.failures)} failed, {run.skipped} left out")
        failed = failed or bool(run.failures) or not run.passed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
