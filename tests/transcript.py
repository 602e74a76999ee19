#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs a transcript (tests/commands/*.redis) against a server that it starts itself, and shows what differs.
#
#   transcript.py FILE... --server 'redis-server --port 0 --unixsocket {socket} --dir {dir}' --kind judge --resp 3
#
# --kind judge  a real Redis: its replies are right by definition; steps newer than it, or ours alone, are left out
# --kind ours   this server, started with a manual clock
# --kind proxy  this server in front of a real Redis, which --upstream says how to start (before ours, whose command
#               holds its URL as {upstream}); what is checked is the same, but time is the real one
# --cluster     the upstream is a cluster of three such servers; sections that need several slots are left out
# --update      writes the judge's replies into the file, where they differ or are missing, for both protocol versions
# --real-time   lets the judge wait where the transcript moves the clock (otherwise it leaves such steps out)
# --section RE  only the sections whose heading matches
#
# The format is described in tests/README.md. The pieces: transcripts/script.py reads files, transcripts/replies.py
# reads, prints and compares replies, transcripts/server.py starts the server and holds its connections,
# transcripts/update.py writes the judge's replies.

import argparse
import re
import sys
import time

from transcripts import replies, script
from transcripts.replies import Reply, Rules, all_match, texts
from transcripts.server import TIMEOUT, Client, Closed, NoReply
from transcripts.slots import Slots
from transcripts.update import updated_lines
from transcripts.upstream import Keeper, add_options

LONGEST_WAIT = 50  # milliseconds, on a server whose clock cannot be moved
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
        self.server = self.server_of(self.script)
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
        return not self.arguments.cluster or self.suits_cluster(section)

    def suits_cluster(self, section):
        """Whether the cluster's own rules let it be run."""
        why = Slots(self.server.upstreams["upstream"].nodes[0].control).refused(section, self.arguments.prefix.encode())
        if why:
            self.skipped += len(section.steps)
            if self.arguments.list_left_out:
                print(f"{self.script.path}:{section.line}: {section.title} ({why})")
        return not why

    def includes_kind(self, words):
        if "proxy" in words and self.kind != "proxy":
            return False
        if self.kind == "ours":
            return not ("judge" in words or (self.arguments.tables and "not tables" in words) or
                        (self.arguments.tables == "servers" and "not database servers" in words))
        if "since" in words and self.server.version < version(words["since"]):
            return False
        if self.kind == "judge":
            return "ours" not in words
        return not ("judge" in words or "not proxy" in words or (self.arguments.prefix and "not prefix" in words) or (self.arguments.cluster and "not cluster" in words))

    def run_section(self, section):
        if "fresh" in section.settings:
            self.restart()
        self.variables.clear()
        at = 0
        try:
            self.flush()
            for at, step in enumerate(section.steps):
                try:
                    self.run_step(step)
                except (ValueError, KeyError) as error:
                    self.fail(step, "a step that can be run", repr(error))
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

    def flush(self):
        reply = self.server.control.call(b"FLUSHALL")
        if self.kind == "proxy" and reply.kind != "status":  # say, an earlier case has left it with a script that does not end
            self.restart()
        for name in self.script.upstreams if self.server.upstreams else ():
            self.variables[name + ".url"] = self.server.upstreams[name].url.encode()
            self.server.upstreams[name].flush()

    def restart(self):
        self.server.stop()
        self.server = self.server_of(self.script)

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
        elif step.action == "restart":
            self.server.crash_and_start()
            for name in [name for name in self.clients if self.address_of(name) == self.server.socket]:
                self.clients.pop(name).close()
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
                      self.kind != "ours" and self.server.version < (7, 2, 0))
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
        if self.kind == "proxy" and command == b"CONFIG" and got[0] == Reply("status", b"OK"):
            self.mirror(words)
        if step.client.startswith("raw"):  # what was said is bytes to us; a map shows that HELLO 3 was among them
            client.resp = 3 if got[0].kind == "map" else client.resp
        if command == b"HELLO" and got[0].kind in ("map", "array"):
            client.resp = 3 if got[0].kind == "map" else 2
        elif command == b"RESET" and got[0].kind == "status":
            client.resp = 2
        return got

    def mirror(self, words):
        """What our server was told about data concerns the upstreams, too."""
        if words[1].upper() == b"SET":
            for upstream in self.server.upstreams.values():
                upstream.mirror(words)

    def listen(self, step, client, command):
        wanted = step.wants(client.resp) or []
        timeout = 0.5 if self.arguments.update else TIMEOUT
        got = []
        try:
            if wanted and wanted[0].kind in ("nothing", "no reply"):
                self.server.settle()
                got.append(client.message(timeout=0))
                return got
            should_block = bool(wanted) and wanted[0].kind == "blocks"
            if step.action == "send" and (self.arguments.update or should_block):
                if self.blocks(client) or (should_block and self.gave_up_early(step, client)):
                    self.server.let_upstreams_block()
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

    def gave_up_early(self, step, client):
        """On a slow machine the judge's time limit may pass before we have looked: its answer is left to be read."""
        steps = step.section.steps
        following = steps[steps.index(step) + 1:][:1]
        return self.kind != "ours" and bool(client.returned) and any("time" in one.directives for one in following)

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
            found = self.clients[name] = Client(self.address_of(name), 2 if raw else self.resp)
            if not raw:
                told = found.call(b"CLIENT", b"ID")
                found.id = str(told.value).encode() if told.kind == "integer" else None
                self.variables[name + ".id"] = found.id
        return found

    def address_of(self, name):
        """A connection that has the name of an upstream (with digits perhaps) leads there, past our server."""
        upstream = self.script.upstreams and self.server.upstreams.get(name.rstrip("0123456789"))
        return upstream.address if upstream else self.server.socket

    def move_time(self, amount):
        milliseconds = int(re.fullmatch(r"\+(\d+)ms", amount)[1])
        if self.kind == "ours":
            self.server.control.call(b"DEBUG", b"CLOCK", b"ADVANCE", str(milliseconds).encode())
        elif milliseconds <= LONGEST_WAIT or self.arguments.real_time:
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
        done = {"read": f"{step.client}:", "raw read": f"{step.client}<", "reconnect": "@reconnect", "restart": "@restart"}
        what = done.get(step.action, f"{'' if step.client == 'client' else step.client}> {step.text}")
        self.failures.append(f"{self.script.path}:{step.line}: {step.section.title}\n  {what[:300]}\n{shown}")


def version(text):
    return tuple(int(part) for part in text.split(".")) + (0,) * (2 - text.count("."))


def shorten(body):
    lines = body.split("\n")
    more = f"\n… {len(lines) - 60} more lines" if len(lines) > 60 else ""
    return "\n".join(line[:400] for line in lines[:60]) + more


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
    parser.add_argument("--kind", choices=["ours", "judge", "proxy"], required=True)
    add_options(parser)
    parser.add_argument("--list-left-out", action="store_true", help="print which sections a cluster refuses, and why")
    parser.add_argument("--resp", type=int, choices=[2, 3], default=2)
    parser.add_argument("--section", help="only the sections whose heading matches this regular expression")
    parser.add_argument("--real-time", action="store_true", help="wait on the judge where the clock is moved")
    parser.add_argument("--update", action="store_true", help="write the judge's replies into the files")
    arguments = parser.parse_args()

    keeper = Keeper(arguments)

    def server_of(parsed):
        return keeper.start_server(parsed.upstreams, parsed.options, arguments.kind)

    try:
        return run_all(arguments, server_of)
    finally:
        keeper.stop()


def run_all(arguments, server_of):
    """Runs or updates every file; the exit status."""

    failed = False
    total = 0
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
        nothing_fits = arguments.cluster and not run.passed  # each section needs several slots: seen with a prefix that has a tag
        failed = failed or bool(run.failures) or not (run.passed or nothing_fits)
        total += run.passed
    if not arguments.update and not total:
        print("nothing was checked")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
