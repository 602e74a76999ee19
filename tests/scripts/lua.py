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

    def ask(self, what, text, **more):
        request = json.dumps({what: text, **more}, ensure_ascii=True)
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


MOVE_IN = """
local all = {}
for i, key in ipairs(redis.call("keys", "*")) do
  redis.call("copy", key, ARGV[1] .. key)
  all[2 * i - 1], all[2 * i] = key, redis.sha1hex(redis.call("dump", key))
end
return all
"""
MOVE_OUT = """
local strays, size = {}, #ARGV[1]
local before = {}
for i = 2, #ARGV, 2 do
  before[ARGV[i]] = ARGV[i + 1]
end
for _, key in ipairs(redis.call("keys", "*")) do
  if string.sub(key, 1, size) ~= ARGV[1] and redis.sha1hex(redis.call("dump", key)) ~= before[key] then
    strays[#strays + 1] = key
  end
end
for key in pairs(before) do
  if redis.call("del", key) == 0 then
    strays[#strays + 1] = key
  end
end
for _, key in ipairs(redis.call("keys", "*")) do
  if string.sub(key, 1, size) == ARGV[1] then
    redis.call("rename", key, string.sub(key, size + 1))
  end
end
return strays
"""


class Target:
    """The backend that scripts are printed for (graph_tool.cpp), and what stands before its keys."""

    def __init__(self, **said):
        self.said = {"target": said} if said else {}
        self.prefix = said.get("prefix", "")

    def interpreted(self, tool, case):
        """The result of a case by the interpreter, as if it were on this backend."""
        setup = [[(word.encode() if isinstance(word, str) else word).decode("latin-1") for word in words] for words in case["setup"]]
        arguments = [check_vectors.compact(each) for each in case["args"]]
        return tool.ask("run", check_vectors.compact(case["graph"]), keys=case["keys"], args=arguments, setup=setup, **self.said)

    def lua(self, tool, graph):
        return tool.ask("lua", graph, **self.said)

    def run(self, client, lua, keys, arguments, use_eval=False):
        """Runs it on the keys that are there, as if they had the prefix. What the script did to others is a Mismatch.

        While it runs, every key is there twice, with and without the prefix.
        """
        operands = [len(keys), *(self.prefix + key for key in keys), *arguments]
        if self.prefix:
            before = client.call("EVAL", MOVE_IN, 0, self.prefix)
        try:
            if use_eval:
                return client.call("EVAL", lua, *operands)
            return client.call("EVALSHA", client.call("SCRIPT", "LOAD", lua), *operands)
        finally:
            if self.prefix:
                strays = client.call("EVAL", MOVE_OUT, 0, self.prefix, *before)
                if strays:
                    raise check_vectors.Mismatch(f"reached beyond the prefix: {strays}")


# All of these keys are the backend's own, but not known to be beforehand.
ROUTES = [["", True], ["nowhere:*", False], ["?*[x-z]*nowhere", False], ["*n*o*w*h*e*r*e*", False], ["*", True]]
TARGETS = [
    Target(),
    Target(lines=True),
    Target(prefix="app:"),
    Target(prefix="[a-b]?\\é$call$ \"", lines=True),
    Target(routes=ROUTES, rest=False),
    Target(prefix="p", routes=ROUTES, rest=False, lines=True, channels=True),
]
# Some keys of random scripts are another's.
CROSSING = [
    Target(routes=[["[hk]3", True], ["k*", False], ["z[^0-9]", False]]),
    Target(prefix="a:", routes=[["?1", True], ["l*", True], ["*", False]], rest=False, lines=True),
    Target(prefix="a:", routes=[["k*", True], ["*1*", True], ["*[a-d]*c*b*", True]], rest=False),
    Target(routes=[["h*", False], ["s1", False], ["l1", False]], lines=True),
]


def runner(tool, target):
    """What runs a case's graph as Lua, in the place of check_vectors.run_script."""

    def run(client, case, use_eval=False):
        lua = target.lua(tool, check_vectors.compact(case["graph"]))
        arguments = [tool.ask("argument", check_vectors.compact(each)) for each in case["args"]]
        return target.run(client, lua, case["keys"], arguments, use_eval)

    return run
