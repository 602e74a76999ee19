# SPDX-License-Identifier: Apache-2.0
#
# Database servers for tests: each in a temporary folder, on a Unix socket in it, run by an unprivileged user. Nothing is
# brought to the disk for the sake of a power cut (fsync and its like are off); a killed server loses nothing by that.
#
# Whoever knows the folder can use the server: with_database.py starts one for a whole run of ctest. A test has a
# database of its own, create(), whose URL is url(name).

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from urllib.parse import quote

QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class NotInstalled(Exception):
    """There is no such database server on this machine."""


def unprivileged(*candidates):
    """Who may run a database, and how to run a program as he: not root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name, []
    for name in candidates + ("nobody",):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        return name, ["setpriv", *ids]
    raise NotInstalled("there is no user to run the database as")


def find_program(name, *patterns):
    found = [path for pattern in patterns for path in sorted(glob.glob(pattern), reverse=True)]
    path = found[0] if found else shutil.which(name)
    if not path:
        raise NotInstalled(f"{name} is not installed")
    return path


class Database:
    """A database server. Without a folder: a new one, to be started."""

    account = None             # who runs it, where the machine has him
    ends_by = signal.SIGTERM

    def __init__(self, folder=None):
        self.user, self.as_user = unprivileged(self.account)
        self.process = None
        self.folder = folder
        self.extra = []  # options of the server's program, besides
        if folder is None:
            self.find_programs()
            self.folder = tempfile.mkdtemp(prefix="redipy-db-")
            os.chmod(self.folder, 0o755)
            if self.as_user:
                shutil.chown(self.folder, self.user)

    def start(self):
        """Starts it, on the data that it had if it had any."""
        if not os.path.exists(self.data()):
            self.make_data()
        deadline = time.monotonic() + 60
        while not self.answers():
            if self.process is None or self.process.poll() is not None:  # again, too, while what was killed is still going
                self.process = subprocess.Popen([*self.as_user, *self.program(), *self.extra], cwd=self.folder, **QUIET)
            if time.monotonic() > deadline:
                raise RuntimeError(f"the database did not start: {self.folder}")
            time.sleep(0.05)
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.ends_by)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        """SIGKILL. PostgreSQL's other processes go a little later, and a new one does not start before."""
        self.process.kill()
        self.process.wait()

    def data(self):
        return os.path.join(self.folder, "data")

    def answers(self):
        return self.sql("SELECT 1", check=False) is not None

    def sql(self, text, database=None, check=True):
        """What the statements give, a line for each row; None where they fail, or an exception with `check`."""
        done = subprocess.run(self.client(database or self.first) + [text], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
        if done.returncode == 0:
            return done.stdout.splitlines()
        if check:
            raise RuntimeError(f"{text}: {done.stderr}")
        return None

    def create(self, name):
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)


class Postgresql(Database):
    kind = "postgresql"
    account = "postgres"
    first = "postgres"
    variable = "REDIPY_TEST_POSTGRESQL"
    ends_by = signal.SIGINT

    def find_programs(self):
        self.initdb = find_program("initdb", "/usr/lib/postgresql/*/bin/initdb")
        self.server = find_program("postgres", "/usr/lib/postgresql/*/bin/postgres")
        find_program("psql")

    def make_data(self):
        subprocess.run([*self.as_user, self.initdb, "--pgdata", self.data(), "--username", "test", "--auth", "trust",
                        "--no-sync", "--encoding", "UTF8", "--locale", "C"], check=True, cwd=self.folder, **QUIET)

    def program(self):
        options = {"listen_addresses": "", "unix_socket_directories": self.folder, "fsync": "off", "shared_buffers": "64MB",
                   "max_connections": "60", "log_min_messages": "warning", "autovacuum_naptime": "10s"}
        return [self.server, "-D", self.data(), *(word for pair in options.items() for word in ("-c", "=".join(pair)))]

    def socket(self):
        return os.path.join(self.folder, ".s.PGSQL.5432")

    def client(self, database):
        return ["psql", "-h", self.folder, "-U", "test", "-d", database, "-AtX", "-q", "-v", "ON_ERROR_STOP=1", "-c"]

    def url(self, name):
        return f"postgresql://test@{quote(self.folder, safe='')}/{name}"

    def tcp_url(self, name, port):
        return f"postgresql://test@127.0.0.1:{port}/{name}"

    def address(self, name):
        return f"host={self.folder} user=test database={name}"

    def drop(self, name):
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def ordinary_user(self, name):
        """The URL for one who is bound by what make_read_only() does."""
        return self.url(name)

    def make_read_only(self, name, on):
        self.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if on else 'off'}")
        self.end_sessions(name)

    def writers(self, name):
        """The processes that write a database's files: it is small enough never to be written by others."""
        return [int(pid) for pid in self.sql(f"SELECT pid FROM pg_stat_activity WHERE datname='{name}'")]

    def end_sessions(self, name):
        """Closes the connections of others to a database."""
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='{name}' AND pid<>pg_backend_pid()")


class Mariadb(Database):
    kind = "mariadb"
    account = "mysql"
    first = "mysql"
    variable = "REDIPY_TEST_MARIADB"

    def find_programs(self):
        self.initdb = find_program("mariadb-install-db")
        self.server = find_program("mariadbd", "/usr/sbin/mariadbd")
        find_program("mariadb")

    def make_data(self):
        subprocess.run([*self.as_user, self.initdb, "--no-defaults", f"--datadir={self.data()}", "--skip-test-db",
                        "--auth-root-authentication-method=normal", "--innodb-flush-method=nosync"],
                       check=True, cwd=self.folder, **QUIET)

    def program(self):
        return [self.server, "--no-defaults", f"--datadir={self.data()}", f"--socket={self.socket()}", "--skip-networking",
                "--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=1", f"--pid-file={self.folder}/pid",
                "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--max-allowed-packet=64M",
                "--log-warnings=1", "--skip-log-bin", "--innodb-stats-persistent=OFF"]

    def socket(self):
        return os.path.join(self.folder, "socket")

    def client(self, database):
        return ["mariadb", "--no-defaults", f"--socket={self.socket()}", "--user=root", f"--database={database}",
                "--batch", "--skip-column-names", "-e"]

    def url(self, name):
        return f"mysql://root@{quote(self.socket(), safe='')}/{name}"

    def tcp_url(self, name, port):
        return f"mysql://root@127.0.0.1:{port}/{name}"

    def address(self, name):
        return f"host={self.socket()} user=root database={name}"

    def drop(self, name):
        self.sql(f"DROP DATABASE IF EXISTS {name}")

    def ordinary_user(self, name):
        self.sql(f"CREATE OR REPLACE USER ordinary@localhost; GRANT ALL ON {name}.* TO ordinary@localhost")
        return f"mysql://ordinary@{quote(self.socket(), safe='')}/{name}"

    def make_read_only(self, name, on):
        self.sql(f"SET GLOBAL read_only = {int(on)}")

    def end_sessions(self, name):
        for number in self.sql(f"SELECT id FROM information_schema.processlist WHERE db='{name}' AND id<>CONNECTION_ID()"):
            self.sql(f"KILL CONNECTION {number}", check=False)


KINDS = {"postgresql": Postgresql, "mariadb": Mariadb}
