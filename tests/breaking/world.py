# SPDX-License-Identifier: Apache-2.0
#
# What the clients that check and the faults share: whether something is broken now, and what was found.

import collections
import contextlib
import threading
import time

# Errors that a broken upstream excuses. `sure`: such a request was certainly not executed.
EXCUSED = {"UPSTREAM": False, "LOADING": True, "READONLY": True, "MASTERDOWN": True, "CLUSTERDOWN": True, "TRYAGAIN": True,
           "NOAUTH": True, "WRONGPASS": True, "NOPERM": True, "EXECABORT": True, "NOREPLICAS": True, "BUSY": True,
           "UNBLOCKED": False}


class Wrong(Exception):
    """What no fault excuses: a wrong, crossed, doubled or lost reply, a lost write, silence."""


class World:
    def __init__(self, address, recovery, limit, settings):
        self.address = address      # of the server under test
        self.recovery = recovery    # seconds after the upstream's return within which errors are still excused
        self.limit = limit          # seconds within which a request is answered, or its connection closed
        self.settings = settings    # of the clients: "graphs", "cluster"
        self.lock = threading.Lock()
        self.failures = []
        self.counts = collections.Counter()
        self.active = 0
        self.kind = ""              # of the fault that is or was the last
        self.back_at = 0.0
        self.late = []              # seconds from each fault's end to the last error after it
        self.last_error = None
        self.faults = collections.deque(maxlen=5)  # what was broken last: kind, from when, until when
        self.stopped = threading.Event()

    @contextlib.contextmanager
    def fault(self):
        """For the time that something is broken; ends when the upstream answers again."""
        self.remember_recovery()
        self.active += 1
        began = time.monotonic()
        try:
            yield
        finally:
            self.back_at = time.monotonic()
            self.last_error = None
            self.active -= 1
            self.faults.append((self.kind, began, self.back_at))

    def remember_recovery(self):
        if self.last_error is not None:
            self.late.append(self.last_error - self.back_at)
            self.last_error = None

    def is_calm(self, since):
        """Nothing was broken from `since` until now, nor so shortly before that it would still be excused."""
        return not self.active and self.back_at + self.recovery < since

    def excuse(self, sent_at, what):
        """Counts an error or a closed connection; raises Wrong where nothing excuses it."""
        now = time.monotonic()
        if self.is_calm(sent_at):
            raise Wrong(f"{what}, though nothing has been broken for {sent_at - self.back_at:.2f} s when this was asked")
        with self.lock:
            self.counts[f"{what.split(' ')[0]} after {self.kind}"] += 1
            if not self.active:
                self.last_error = now

    def fail(self, text):
        with self.lock:
            self.failures.append(text)
        self.stopped.set()
