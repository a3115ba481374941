"""Runs scenarios in CPython: see runner.ts, which runs them in Node.js.

Standard input: {"unique": text, "scenarios": [[statement, ...], ...]} in JSON. Standard output: for each scenario a line
of JSON with the outcome of each statement, [null] for one that was not asked for, or {"lacks": name} for a scenario
with a constant that this Python does not have. The current folder is the scenarios' own.
"""

import array
import ast
import errno
import gc
import importlib
import json
import os
import re
import socket
import sys
import threading
import time

MODULES = {name: importlib.import_module(name) for name in ("socket", "select", "selectors", "errno")}
CONSTANT = re.compile(r"\b(socket|select|selectors|errno)\.([A-Za-z]\w*)")
# What exceptions are compared by, beside their own class.
BASES = (
    "OSError", "ConnectionError", "ValueError", "LookupError", "RuntimeError", "UnicodeError", "TypeError",
)
LARGEST = 2**53


# ---- what scenarios may call beside the modules: the same in runner.ts


def fill(sock):
    """Send until no more is taken."""
    sock.setblocking(False)
    try:
        while True:
            sock.send(b"x" * 65536)
    except BlockingIOError:
        pass


class Fileno:
    """An object with a descriptor, or with what it takes for one."""

    def __init__(self, value):
        self.value = value

    def fileno(self):
        return self.value


def make_file(name, data):
    with open(name, "wb") as file:
        file.write(data)
    return open(name, "rb")


def make_file_fd(name, data):
    file = make_file(name, data)
    fd = os.dup(file.fileno())
    file.close()
    return fd


def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False


# The system calls that a blocked socket sleeps in, x86-64: recvfrom, recvmsg, accept, accept4, connect, sendto, sendmsg,
# sendfile, poll, ppoll, recvmmsg, sendmmsg.
SLEEPING_CALLS = {45, 47, 43, 288, 42, 44, 46, 40, 7, 271, 299, 307}
# How long a call may take that is expected to end, in seconds.
PATIENCE = 3


class Asleep:
    """A call of a socket's method in another thread, which sleeps in the kernel or has ended when this returns."""

    def __init__(self, sock, method, *args):
        self.result = None
        self.thread = threading.Thread(target=self.run, args=(getattr(sock, method), args), daemon=True)
        self.thread.start()
        deadline = time.monotonic() + PATIENCE
        while self.thread.is_alive() and time.monotonic() < deadline:
            try:
                with open(f"/proc/self/task/{self.thread.native_id}/syscall") as file:
                    call = file.read().split()[0]
            except OSError:
                break
            if call.isdigit() and int(call) in SLEEPING_CALLS:
                break
            time.sleep(0.001)

    def run(self, method, args):
        try:
            self.result = method(*args)
        except Exception as error:
            self.result = [type(error).__name__, str(error)]


def woken(asleep):
    """What the call returned, or [class, text] of what it raised."""
    asleep.thread.join(PATIENCE)
    return "still asleep" if asleep.thread.is_alive() else asleep.result


HELPERS = {
    "Asleep": Asleep,
    "woken": woken,
    "pause": time.sleep,
    "fill": fill,
    "Fileno": Fileno,
    "make_file": make_file,
    "make_file_fd": make_file_fd,
    "is_open": is_open,
    "same_file": lambda a, b: os.path.sameopenfile(a, b),
    "close_fd": os.close,
    "array": array.array,
    "nan": float("nan"),
    "inf": float("inf"),
}


# ---- outcomes in JSON


def pack(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < LARGEST else {"int": str(int(value))}
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": bytes(value).hex()}
    if type(value) in (list, tuple):
        return [pack(each) for each in value]
    return {"object": type(value).__name__}


def pack_error(error):
    packed = {
        "error": type(error).__name__,
        "text": str(error),
        "bases": [name for name in BASES if name in {base.__name__ for base in type(error).__mro__}],
    }
    if isinstance(error, OSError):
        packed.update(errno=pack(error.errno), strerror=pack(error.strerror), filename=pack(error.filename))
    return packed


def run_statement(statement, scope):
    """The value of an expression; nothing for an assignment; what either raised."""
    try:
        if isinstance(ast.parse(statement).body[0], ast.Expr):
            return {"value": pack(eval(statement, scope))}
        exec(statement, scope)
        return {}
    except Exception as error:
        return pack_error(error)


def tidy(scope):
    """Closes what a scenario left open."""
    for value in list(scope.values()):
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if hasattr(each, "close") and not isinstance(each, type) and each not in MODULES.values():
                try:
                    each.close()
                except (OSError, ValueError):
                    pass
    socket.setdefaulttimeout(None)


def run_scenario(statements, unique):
    for module, name in CONSTANT.findall("\n".join(statements)):
        if not hasattr(MODULES[module], name):
            return {"lacks": f"{module}.{name}"}
    scope = {**MODULES, **HELPERS, "unique": unique.encode()}
    outcomes = [run_statement(statement, scope) for statement in statements]
    tidy(scope)
    return outcomes


def main():
    # What a destructor raises after a scenario is CPython's own affair: 3.13 does for a SocketIO with a wrong mode.
    sys.unraisablehook = lambda unraisable: None
    task = json.load(sys.stdin)
    for statements in task["scenarios"]:
        print(json.dumps(run_scenario(statements, task["unique"])), flush=True)
        gc.collect()


main()
