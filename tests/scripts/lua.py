# SPDX-License-Identifier: Apache-2.0
#
# Scripts as Lua on a real Redis: graph_tool prints them, and puts arguments into the form that they travel in.

import json
import socket
import subprocess

from scripts.vectors import check_vectors


class GraphError(check_vectors.ErrorReply):
    """A graph or an argument that the server itself would have refused."""


class GraphTool:
    """A running `graph_tool serve`."""

    def __init__(self, path):
        self.process = subprocess.Popen([path, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, what, text):
        request = json.dumps({what: text}, ensure_ascii=True)
        self.process.stdin.write(request.encode() + b"\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        if "error" in reply:
            raise GraphError(reply["error"])
        return reply[what]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class SocketClient(check_vectors.Client):
    """A client of the vectors, on a Unix socket."""

    def __init__(self, path):
        self.path = path
        super().__init__(None, None)

    def connect(self):
        self.close()
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(check_vectors.TIME_LIMIT)
        self._sock.connect(self.path)
        self._file = self._sock.makefile("rb")


def runner(tool):
    """What runs a case's graph as Lua, in the place of check_vectors.run_script."""

    def run(client, case, use_eval=False):
        lua = tool.ask("lua", check_vectors.compact(case["graph"]))
        operands = [len(case["keys"]), *case["keys"]]
        operands += [tool.ask("argument", check_vectors.compact(each)) for each in case["args"]]
        if use_eval:
            return client.call("EVAL", lua, *operands)
        return client.call("EVALSHA", client.call("SCRIPT", "LOAD", lua), *operands)

    return run
