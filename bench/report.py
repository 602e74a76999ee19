# SPDX-License-Identifier: Apache-2.0
"""Tables, as aligned text for the terminal and as Markdown for README.md, and what was measured where."""

import datetime
import os
import platform
import subprocess
import sys
from pathlib import Path


class Table:
    """Rows of text under a title; `notes` stand below."""

    def __init__(self, title, columns, notes=()):
        self.title, self.columns, self.notes = title, columns, list(notes)
        self.rows = []

    def add(self, *cells):
        assert len(cells) == len(self.columns), cells
        self.rows.append([str(cell) for cell in cells])

    def text(self):
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows)]
        def line(cells):
            first, *others = [cell.ljust(width) if at == 0 else cell.rjust(width)
                              for at, (cell, width) in enumerate(zip(cells, widths))]
            return "  ".join([first, *others]).rstrip()
        return "\n".join([self.title, line(self.columns), line(["-" * width for width in widths]),
                          *map(line, self.rows), *self.notes]) + "\n"

    def markdown(self):
        def line(cells):
            return "| " + " | ".join(cells) + " |"
        rule = "|---" + "|--:" * (len(self.columns) - 1) + "|"
        notes = ["", *self.notes] if self.notes else []
        return "\n".join([f"**{self.title}**", "", line(self.columns), rule, *map(line, self.rows), *notes]) + "\n"


def verdict(value, goal, best=None):
    """ok when the value, as it is shown, is at most the goal; close when only the best of its rounds is."""
    if value <= goal:
        return "ok"
    return "close" if best is not None and best <= goal else "missed"


def number(value):
    """Three digits that matter: 8270, 512, 83.1, 5.24."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def progress(text):
    """Tells on standard error what is going on, on one line where that is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def machine(bench):
    """One sentence: when, on what machine, against which Redis."""
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    version = subprocess.run([bench.programs["redis"], "--version"], capture_output=True, text=True).stdout
    redis = next((word[2:] for word in version.split() if word.startswith("v=")), "?")
    where = "Unix socket" if bench.options.unix else "TCP loopback"
    return (f"{datetime.date.today()}, {model}, {os.cpu_count()} cores, Linux {platform.release()}, Redis {redis}, "
            f"{where}; load average before: {os.getloadavg()[0]:.2f}")
