#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy and clang-format over our sources: ./dev lint [--all], ./dev format.

By default only what was changed since main is looked at: a source file itself; for a header, the sources that include
it directly, but those without clang's analyzer, which takes two thirds of the time and follows what functions do. With
--all everything is.

clang-tidy needs many seconds for a file. What passed is therefore remembered, under a hash of all that clang-tidy saw
of ours (the source, every header of ours that it includes, the options, the version), in build/lint; the build of
build/dev tells the headers.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/dev"
CACHE = ROOT / "build/lint"
SUFFIXES = (".cpp", ".h")


def output(*command, check=True):
    """The standard output of a command that is run at the top of the project."""
    return subprocess.run(command, cwd=ROOT, check=check, stdout=subprocess.PIPE, text=True,
                          stderr=None if check else subprocess.DEVNULL).stdout


def our_files():
    """All C++ files of ours, as git knows them (also those not yet added), relative to the top."""
    names = output("git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return {name for name in names if name.endswith(SUFFIXES) and (ROOT / name).exists()}


def base():
    """The commit that a change is measured against: where we left main; on main itself, what it was one step ago."""
    for main in ("origin/main", "main"):
        found = output("git", "merge-base", "HEAD", main, check=False).strip()
        if found:
            head = output("git", "rev-parse", "HEAD").strip()
            return found if found != head else output("git", "rev-parse", "HEAD~1", check=False).strip() or None
    return None


def changed_files():
    commit = base()
    if commit is None:
        return our_files()
    return our_files() & (set(output("git", "diff", "--name-only", commit).splitlines())
                          | set(output("git", "ls-files", "--others", "--exclude-standard").splitlines()))


def sources_of(files, everything):
    """The sources to be checked so that all of the files are: headers are seen through the sources that include them."""
    sources = {name for name in files if name.endswith(".cpp")}
    headers = {name for name in files if name.endswith(".h")}
    for name in everything - sources:
        if name.endswith(".cpp"):
            included = set(re.findall(r'^\s*#include "([^"]+)"', (ROOT / name).read_text(), re.MULTILINE))
            if included & headers:
                sources.add(name)
    return sources


def compile_commands():
    """The command of each source, by its name, without the compiler launcher, which clang-tidy cannot read."""
    commands = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        compiler = next(i for i, word in enumerate(words) if re.search(r"(\+\+|cxx)(-\d+)?$", word))
        name = os.path.relpath(entry["file"], ROOT)
        commands[name] = {"directory": entry["directory"], "file": entry["file"], "arguments": words[compiler:]}
    return commands


def included_headers():
    """Each source with the files of ours that it is made of (itself, its headers), as the build found them."""
    headers = {}
    for target in output("ninja", "-C", str(BUILD), "-t", "deps").split("\n\n"):
        # An object's name, then what it was made of, indented, the source first.
        paths = [os.path.relpath(os.path.realpath(BUILD / line.strip()), ROOT)
                 for line in target.splitlines() if line.startswith("    ")]
        if paths:
            headers[paths[0]] = [path for path in paths if not path.startswith("..")]
    return headers


def ours(report):
    """The findings in a report of clang-tidy that lie in our files: it blames Asio's coroutines, which it misreads."""
    findings = re.split(r"(?m)^(?=\S+:\d+:\d+: (?:error|warning): )", report)
    return [finding.rstrip() for finding in findings if finding.startswith(str(ROOT))]


def tidy_all(sources, files):
    """Runs clang-tidy on the sources, the analyzer on those in `files`; tells of how many, and whether all passed."""
    commands = compile_commands()
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "compile_commands.json").write_text(json.dumps(list(commands.values())))
    headers = included_headers()
    common = output("clang-tidy", "--version") + (ROOT / ".clang-tidy").read_text()

    def stamp(name, without):
        digest = hashlib.sha256((common + " ".join(commands[name]["arguments"] + without)).encode())
        for path in sorted(set(headers[name])):
            digest.update(path.encode() + b"\0" + (ROOT / path).read_bytes())
        return CACHE / digest.hexdigest()

    def tidy(name):
        without = [] if name in files else ["--checks=-clang-analyzer-*"]
        passed = stamp(name, without) if name in headers else None
        if passed and (passed.exists() or stamp(name, []).exists()):
            return True
        run = subprocess.run(["clang-tidy", "-p", str(CACHE), "--quiet", *without, str(ROOT / name)],
                             cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        findings = ours(run.stdout)
        if run.returncode != 0 and not run.stdout:
            findings = [run.stderr]
        for finding in findings:
            print(finding, flush=True)
        if passed and not findings:
            passed.touch()
        return not findings

    # What no target builds (a fuzz target, say) has no command and is not checked.
    known = sorted(sources & commands.keys())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return len(known), all(list(pool.map(tidy, known)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="all files, not only what was changed since main")
    parser.add_argument("--format", action="store_true", help="put the layout right instead of checking")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    everything = our_files()
    files = everything if arguments.all else changed_files()
    if arguments.format:
        if files:
            subprocess.run(["clang-format", "-i", *sorted(files)], check=True)
        return 0

    laid_out = not files or subprocess.run(["clang-format", "--dry-run", "--Werror", *sorted(files)]).returncode == 0
    if not laid_out:
        print("layout: ./dev format puts it right")
    count, tidy = tidy_all(sources_of(files, everything), files)
    print(f"lint: {len(files)} files, clang-tidy on {count} sources:", "clean" if laid_out and tidy else "FAILED")
    return 0 if laid_out and tidy else 1


if __name__ == "__main__":
    sys.exit(main())
