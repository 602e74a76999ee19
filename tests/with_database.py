#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command with a database server that exists for it alone: in a temporary folder, on a Unix socket in it, by an
# unprivileged user, gone afterwards. The command finds where it is in the environment: REDIPY_TEST_POSTGRESQL or
# REDIPY_TEST_MARIADB, as "host=... user=... database=...".
#
# Usage: with_database.py postgresql|mariadb COMMAND...      Ends with 77 where the server is not installed.

import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time


def unprivileged(*candidates):
    """How to run a program as somebody who may run a database: not root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name, []
    for name in candidates + ("nobody",):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        return name, ["setpriv", *ids]
    sys.exit("there is no user to run the database as")


def find_program(name, *patterns):
    found = [path for pattern in patterns for path in sorted(glob.glob(pattern), reverse=True)]
    return found[0] if found else shutil.which(name)


class Postgresql:
    variable = "REDIPY_TEST_POSTGRESQL"

    def __init__(self, folder):
        self.folder = folder
        self.user, self.as_user = unprivileged("postgres")
        self.initdb = find_program("initdb", "/usr/lib/postgresql/*/bin/initdb")
        self.server = find_program("postgres", "/usr/lib/postgresql/*/bin/postgres")

    def start(self):
        data = os.path.join(self.folder, "data")
        subprocess.run([*self.as_user, self.initdb, "--pgdata", data, "--username", "test", "--auth", "trust",
                        "--no-sync", "--encoding", "UTF8", "--locale", "C"],
                       check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        options = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off",
                   "shared_buffers": "64MB", "log_min_messages": "warning"}
        flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return subprocess.Popen([*self.as_user, self.server, "-D", data, *flags], cwd=self.folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready(self):
        return os.path.exists(os.path.join(self.folder, ".s.PGSQL.5432"))

    def address(self):
        return f"host={self.folder} user=test database=postgres"


class Mariadb:
    variable = "REDIPY_TEST_MARIADB"

    def __init__(self, folder):
        self.folder = folder
        self.user, self.as_user = unprivileged("mysql")
        self.initdb = find_program("mariadb-install-db")
        self.server = find_program("mariadbd", "/usr/sbin/mariadbd")
        self.socket = os.path.join(folder, "socket")

    def start(self):
        data = os.path.join(self.folder, "data")
        subprocess.run([*self.as_user, self.initdb, "--no-defaults", f"--datadir={data}", "--skip-test-db",
                        "--auth-root-authentication-method=normal"],
                       check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        first = os.path.join(self.folder, "first.sql")
        with open(first, "w", encoding="ascii") as file:
            file.write("CREATE DATABASE redipy_test;\n")
        return subprocess.Popen([*self.as_user, self.server, "--no-defaults", f"--init-file={first}", f"--datadir={data}",
                                 f"--socket={self.socket}", "--skip-networking", "--innodb-flush-log-at-trx-commit=0",
                                 f"--pid-file={self.folder}/pid", "--innodb-buffer-pool-size=64M",
                                 "--max-allowed-packet=64M", "--log-warnings=1"],
                                cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready(self):
        return os.path.exists(self.socket)

    def address(self):
        return f"host={self.socket} user=root database=redipy_test"


def main():
    kinds = {"postgresql": Postgresql, "mariadb": Mariadb}
    if len(sys.argv) < 3 or sys.argv[1] not in kinds:
        sys.exit("usage: with_database.py postgresql|mariadb COMMAND...")
    folder = tempfile.mkdtemp(prefix="redipy-db-")
    database = kinds[sys.argv[1]](folder)
    if not database.initdb or not database.server:
        print(f"{sys.argv[1]} is not installed")
        return 77
    os.chmod(folder, 0o755)
    if database.as_user:
        shutil.chown(folder, database.user)
    server = database.start()
    try:
        deadline = time.monotonic() + 60
        while not database.ready():
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("the database did not start")
            time.sleep(0.05)
        environment = {**os.environ, database.variable: database.address()}
        return subprocess.run(sys.argv[2:], env=environment).returncode
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
