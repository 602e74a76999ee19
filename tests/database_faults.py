#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What clients see when the database behind the server fails: it is killed, closes connections, falls silent, is full,
# refuses a value, is locked by others, or belongs to another server. Nothing hangs, nothing that was acknowledged is lost,
# only who must fails, and all goes on afterwards.
#
#   database_faults.py sqlite|postgresql|mariadb --server "redipy-server --backend 'main {database}' --port 0 --unixsocket …"
#
# To add a case: a method of Cases. `only` says on which databases it is run; each begins with a server and an empty database.

import argparse
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from breaking.sites import Relay
from databases import KINDS, NotInstalled
from transcripts.replies import text
from transcripts.server import Client, Server

TIMEOUT = 2.0       # seconds: of the database's URL
MARGIN = 1.0        # what a busy machine may add
RECOVERY = 8.0      # seconds until all is well after the database's return
LOCKED = {"postgresql": "BEGIN; SELECT 1 FROM rp_key FOR UPDATE; SELECT pg_sleep(5)",
          "mariadb": "BEGIN; SELECT id FROM rp_key FOR UPDATE; SELECT SLEEP(5)"}
FULL = re.compile("BACKEND main: (SQLite: (disk I/O error|database or disk is full)|PostgreSQL: could not extend file|"
                  "MariaDB: The table .* is full)")
REFUSING = {
    "sqlite": "CREATE TRIGGER refusing BEFORE INSERT ON rp_key WHEN NEW.val = CAST('refuse me' AS BLOB) "
              "BEGIN SELECT RAISE(ABORT, 'not this'); END",
    "postgresql": "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.val = 'refuse me'::bytea THEN "
                  "RAISE 'not this'; END IF; RETURN NEW; END $$; "
                  "CREATE TRIGGER refusing BEFORE INSERT ON rp_key FOR EACH ROW EXECUTE FUNCTION refuse()",
    "mariadb": "CREATE TRIGGER refusing BEFORE INSERT ON rp_key FOR EACH ROW "
               "SET NEW.n = IF(NEW.val = 'refuse me', NULL, NEW.n)",
}


class Wrong(Exception):
    """Not what had to be."""


def fits(got, wanted):
    return got == wanted if isinstance(wanted, str) else wanted.search(got)


def expect(what, got, wanted):
    if not fits(got, wanted):
        raise Wrong(f"{what}: got {got}, expected {wanted if isinstance(wanted, str) else wanted.pattern}")


class Cases:
    def __init__(self, kind, database, command):
        self.kind = kind
        self.database = database
        self.command = command
        self.network = self.server = None

    # ---- each case

    def set_up(self, name):
        self.name = f"faults_{os.getpid()}"
        if self.kind == "sqlite":
            url = "sqlite:///{dir}/test.db"
        else:
            self.database.start()  # the case before may have left it dead
            self.database.drop(self.name)
            url = self.database.create(self.name)
            if "read_only" in name:
                url = self.database.ordinary_user(self.name)
            if "silent" in name or "cut" in name:
                self.network = Relay(self.database.socket())
                url = self.database.tcp_url(self.name, self.network.port)
            url += f"?timeout={TIMEOUT:g}s"
        self.command_here = self.command.replace("{database}", url)
        self.server = Server(self.command_here, "ours", [])
        self.client = Client(self.server.socket)

    def tear_down(self):
        log = self.server.log_tail()
        ended_well = self.server.stop()
        if self.network:
            self.network.stop()
            self.network = None
        if not ended_well:
            raise Wrong("the server ended badly")
        return log

    def ask(self, line, client=None, within=60.0):
        began = time.monotonic()
        said = (client or self.client).call(*(each.encode() for each in line.split("|")))
        took = time.monotonic() - began
        if took > within:
            raise Wrong(f"{line} took {took:.2f} s, more than {within:.2f}")
        return text(said)

    def until(self, line, wanted):
        """Asks until the reply is the wanted one: it has to be soon."""
        deadline = time.monotonic() + RECOVERY
        while not fits(said := self.ask(line), wanted):
            if time.monotonic() > deadline:
                raise Wrong(f"{line}: got {said} to the end, not {wanted}")
            time.sleep(0.02)

    def sql(self, statements):
        if self.kind == "sqlite":
            with sqlite3.connect(os.path.join(self.server.folder, "test.db"), timeout=20) as file:
                return ["|".join(map(str, row)) for row in file.execute(statements).fetchall()]
        return self.database.sql(statements, self.name)

    def limit_files(self, most):
        """Whoever writes the database can have no file of more bytes: it is as if the disk were full."""
        as_user, pids = ([], [self.server.process.pid]) if self.kind == "sqlite" else (
            self.database.as_user, self.database.writers(self.name))
        for pid in pids:
            subprocess.run([*as_user, "prlimit", f"--pid={pid}", f"--fsize={most}:unlimited"], check=True)

    # ---- the cases

    def a_killed_database_gives_errors_in_time_and_is_used_again(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        waiting = Client(self.server.socket)
        waiting.send(b"BLPOP", b"list", b"0")
        self.until("CLIENT|LIST", re.compile("flags=b"))
        self.database.kill()
        expect("SET", self.ask("SET|a|2", within=TIMEOUT + MARGIN), re.compile("BACKEND main: the database cannot be reached: "))
        for _ in range(10):
            expect("GET", self.ask("GET|a", within=0.3), re.compile("BACKEND main: the database cannot be reached: "))
        expect("MULTI", self.ask("MULTI"), re.compile("OK|BACKEND"))
        self.ask("DISCARD")
        expect("PING", self.ask("PING"), "PONG")
        expect("INFO", self.ask("INFO|server"), re.compile("redis_version"))
        self.database.start()
        self.until("SET|b|1", "OK")
        expect("GET", self.ask("GET|a"), '"1"')
        expect("RPUSH", self.ask("RPUSH|list|x"), "(integer) 1")
        expect("BLPOP", text(waiting.reply()), '1) "list"\n2) "x"')
    a_killed_database_gives_errors_in_time_and_is_used_again.only = ("postgresql", "mariadb")

    def a_server_without_its_database_does_not_start_and_says_why(self):
        self.database.kill()
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()
        done = subprocess.run(self.server.command, capture_output=True, text=True, timeout=20)
        self.database.start()
        self.server.start()
        self.server.control = self.server.wait_until_up()
        if done.returncode == 0:
            raise Wrong("it has started without its database")
        expect("it", done.stdout + done.stderr, re.compile("backend main: (PostgreSQL|MariaDB): "))
    a_server_without_its_database_does_not_start_and_says_why.only = ("postgresql", "mariadb")

    def a_connection_that_is_closed_is_made_again_unseen(self):
        for number in range(1, 6):
            self.database.end_sessions(self.name)
            expect("INCR", self.ask("INCR|n", within=TIMEOUT + MARGIN), f"(integer) {number}")
    a_connection_that_is_closed_is_made_again_unseen.only = ("postgresql", "mariadb")

    def a_silent_database_gives_errors_in_time(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        self.network.order("hang", 1)
        expect("SET", self.ask("SET|a|2", within=2 * TIMEOUT + MARGIN), re.compile("OK|BACKEND main"))
        self.network.order("heal")
        self.until("SET|a|3", "OK")
        expect("GET", self.ask("GET|a"), '"3"')
    a_silent_database_gives_errors_in_time.only = ("postgresql", "mariadb")

    def a_network_that_is_cut_anywhere_loses_and_doubles_nothing(self):
        count = 0
        for size in range(1, 400, 7):
            self.network.order(("cut", "cut-up")[size % 2], size)
            for _ in range(3):
                count += 1
                expect("INCR", self.ask("INCR|n"), f"(integer) {count}")
        self.network.order("heal")
    a_network_that_is_cut_anywhere_loses_and_doubles_nothing.only = ("postgresql", "mariadb")

    def a_second_server_is_refused(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        command = [word.replace(self.server.socket, self.server.socket + "2") for word in self.server.command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        if done.returncode == 0:
            raise Wrong("it has started")
        expect("it", done.stdout + done.stderr, re.compile("another server has this database"))
        expect("GET", self.ask("GET|a"), '"1"')

    def a_server_whose_database_was_taken_stops_to_read_and_to_write(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        self.sql("UPDATE rp_state SET epoch = epoch + 1")
        expect("SET", self.ask("SET|a|2"), "(error) BACKEND main: another server has taken the database")
        expect("GET", self.ask("GET|a"), "(error) BACKEND main: another server has taken the database")
        found = self.sql("SELECT value FROM v_string")
        expect("the table", found[0], "1")

    def a_server_whose_database_was_taken_does_not_answer_from_memory(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        self.sql("UPDATE rp_state SET epoch = epoch + 1")
        self.until("GET|a", "(error) BACKEND main: another server has taken the database")
    a_server_whose_database_was_taken_does_not_answer_from_memory.only = ("postgresql", "mariadb")

    def a_value_that_the_database_refuses_fails_alone(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        self.sql(REFUSING[self.kind])
        others = [Client(self.server.socket) for _ in range(10)]
        for round_ in range(5):
            for number, other in enumerate(others):
                other.send(b"INCR", b"count:%d" % number)
                other.send(b"SET", b"bad:%d:%d" % (round_, number), b"refuse me" if number % 3 == 0 else b"good")
                other.send(b"RPUSH", b"list", b"x")
            for number, other in enumerate(others):
                expect("INCR", text(other.reply()), f"(integer) {round_ + 1}")
                expect("SET", text(other.reply()), re.compile("BACKEND main: .*(not this|cannot be null)") if number % 3 == 0 else "OK")
                expect("RPUSH", text(other.reply()), re.compile("integer"))
        expect("LLEN", self.ask("LLEN|list"), "(integer) 50")
        expect("EXISTS", self.ask("EXISTS|bad:0:0|bad:0:1"), "(integer) 1")
        for line in ("MULTI", "SET|in|1", "SET|bad|refuse me", "SET|after|1"):
            self.ask(line)
        expect("EXEC", self.ask("EXEC"), re.compile("BACKEND main: .*(not this|cannot be null)"))
        expect("EXISTS", self.ask("EXISTS|in|bad|after"), "(integer) 0")

    def a_value_beyond_the_packets_of_the_database_fails_alone(self):
        other = Client(self.server.socket)
        other.send(b"INCR", b"n")
        expect("SET", self.ask("SET|large|" + "x" * 70_000_000), re.compile("BACKEND main: MariaDB: "))
        expect("INCR", text(other.reply()), "(integer) 1")
        expect("INCR", self.ask("INCR|n"), "(integer) 2")
        expect("GET", self.ask("GET|large"), "(nil)")
    a_value_beyond_the_packets_of_the_database_fails_alone.only = ("mariadb",)

    def rows_that_others_lock_are_an_error_in_time(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        locker = threading.Thread(target=lambda: self.database.sql(LOCKED[self.kind], self.name, check=False))
        locker.start()
        began = time.monotonic()
        while (said := self.ask("INCR|a", within=2 * TIMEOUT + MARGIN)).startswith("(integer)"):
            if time.monotonic() - began > 5:
                raise Wrong("no lock was met")
        expect("INCR", said, re.compile("BACKEND main: (PostgreSQL|MariaDB): .*([Ll]ock|no answer)"))
        locker.join()
        before = int(self.ask("GET|a").strip('"'))
        expect("INCR", self.ask("INCR|a"), f"(integer) {before + 1}")
    rows_that_others_lock_are_an_error_in_time.only = ("postgresql", "mariadb")

    def a_file_that_others_lock_is_an_error_in_time(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        other = sqlite3.connect(os.path.join(self.server.folder, "test.db"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        expect("SET", self.ask("SET|a|2", within=15), re.compile("BACKEND main: SQLite: database is locked"))
        other.execute("ROLLBACK")
        expect("SET", self.ask("SET|a|3"), "OK")
    a_file_that_others_lock_is_an_error_in_time.only = ("sqlite",)

    def a_database_that_is_read_only_can_be_read(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        self.database.make_read_only(self.name, True)
        expect("SET", self.ask("SET|a|2"), re.compile("BACKEND main: (PostgreSQL|MariaDB): .*read-only"))
        expect("GET", self.ask("GET|a"), '"1"')
        self.database.make_read_only(self.name, False)
        expect("SET", self.ask("SET|a|3"), "OK")
        expect("GET", self.ask("GET|a"), '"3"')
    a_database_that_is_read_only_can_be_read.only = ("postgresql", "mariadb")

    def a_server_that_was_away_is_kept_out_by_its_successor(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        self.server.process.send_signal(signal.SIGSTOP)
        self.database.end_sessions(self.name)
        successor = Server(self.command_here, "ours", [])
        try:
            other = Client(successor.socket)
            expect("SET", self.ask("SET|a|2", other), "OK")
            self.server.process.send_signal(signal.SIGCONT)
            for line in ("SET|a|3", "GET|a"):
                expect(line, self.ask(line, within=2 * TIMEOUT + MARGIN),
                       re.compile("BACKEND main: .*another server has (taken the|this) database"))
            expect("GET", self.ask("GET|a", other), '"2"')
            expect("SET", self.ask("SET|a|4", other), "OK")
        finally:
            successor.stop()
        self.until("GET|a", "(error) BACKEND main: another server has taken the database")
        expect("the table", self.sql("SELECT value FROM v_string")[0], "4")
    a_server_that_was_away_is_kept_out_by_its_successor.only = ("postgresql", "mariadb")

    def a_file_that_cannot_be_written_is_refused_at_the_start(self):
        self.server.stop()
        folder = self.server.folder
        os.makedirs(folder)
        shutil.chown(folder, "nobody")
        file = os.path.join(folder, "test.db")
        sqlite3.connect(file).execute("CREATE TABLE something (a)")
        os.chmod(file, 0o444)
        for name in ("test.db.lock",):
            open(os.path.join(folder, name), "w", encoding="ascii").close()
            os.chmod(os.path.join(folder, name), 0o666)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", *self.server.command], capture_output=True,
                              text=True, timeout=20, cwd=folder)
        shutil.rmtree(folder)
        self.server = Server(self.command.replace("{database}", "sqlite:///{dir}/test.db"), "ours", [])
        if done.returncode == 0:
            raise Wrong("it has started")
        expect("it", done.stdout + done.stderr, re.compile("backend main: .*(read|writ|open)"))
    a_file_that_cannot_be_written_is_refused_at_the_start.only = ("sqlite",) if os.getuid() == 0 else ()

    def fill(self, size):
        """Sets keys until the disk is full; returns how many there are."""
        stored = 0
        for number in range(300):
            said = self.ask(f"SET|big:{number}|{'x' * size}")
            if said != "OK":
                expect("SET", said, FULL)
                expect("GET", self.ask("GET|a"), '"1"')
                expect("DBSIZE", self.ask("DBSIZE"), f"(integer) {stored + 1}")
                return stored
            stored += 1
        raise Wrong("the disk was not full")

    def a_full_disk_is_an_error_after_which_work_goes_on(self):
        expect("SET", self.ask("SET|a|1"), "OK")
        self.limit_files(2_000_000 if self.kind == "sqlite" else 48_000_000)
        stored = self.fill(20_000 if self.kind == "sqlite" else 400_000)
        self.limit_files("unlimited")
        expect("SET", self.ask("SET|b|2"), "OK")
        self.server.crash_and_start()
        self.client = Client(self.server.socket)
        expect("DBSIZE", self.ask("DBSIZE"), f"(integer) {stored + 2}")
        expect("GET", self.ask("GET|b"), '"2"')
    a_full_disk_is_an_error_after_which_work_goes_on.only = ("sqlite", "postgresql")

    def a_full_tablespace_is_an_error_after_which_work_goes_on(self):
        small = KINDS[self.kind]()  # whose tables all lie in one file that may not grow any further
        tables_in = "--innodb-data-file-path=ibdata1:12M:autoextend:max:%dM"
        small.extra = ["--innodb-file-per-table=0", tables_in % 40]
        try:
            self.server.stop()
            small.start()
            self.server = Server(self.command.replace("{database}", small.create("small")), "ours", [])
            self.client = Client(self.server.socket)
            expect("SET", self.ask("SET|a|1"), "OK")
            stored = self.fill(400_000)
            small.kill()
            small.extra[-1] = tables_in % 80
            small.start()
            self.until("SET|b|2", "OK")
            expect("GET", self.ask("GET|a"), '"1"')
            expect("DBSIZE", self.ask("DBSIZE"), f"(integer) {stored + 2}")
        finally:
            small.stop()
    a_full_tablespace_is_an_error_after_which_work_goes_on.only = ("mariadb",)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("sqlite", *KINDS))
    parser.add_argument("--server", required=True)
    parser.add_argument("--case", default="", help="a part of the name of those to be run")
    arguments = parser.parse_args()
    try:
        database = KINDS[arguments.kind]().start() if arguments.kind in KINDS else None
    except NotInstalled as reason:
        print(reason)
        return 77
    failed = 0
    cases = Cases(arguments.kind, database, arguments.server)
    try:
        for name, case in vars(Cases).items():
            if not name.startswith("a_") and not name.startswith("rows_"):
                continue
            if arguments.case not in name or arguments.kind not in getattr(case, "only", (arguments.kind,)):
                continue
            began = time.monotonic()
            log = fault = None
            cases.set_up(name)
            try:
                case(cases)
            except Exception as error:
                fault = f"{type(error).__name__}: {error}"
            try:
                log = cases.tear_down()
            except Wrong as error:
                fault = fault or str(error)
            print(f"{'failed' if fault else 'passed'} {name} ({time.monotonic() - began:.1f} s)", flush=True)
            if fault:
                failed += 1
                print(f"  {fault}\n{log}")
    finally:
        if database:
            database.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
