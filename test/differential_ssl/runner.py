"""Runs scenarios of the ssl module in CPython: see runner.ts, which runs them in Node.js.

Standard input: {"certs": folder, "scenarios": [[statement, ...], ...]} in JSON. Standard output: for each scenario a line
of JSON with the outcome of each statement: {"value": ...}, {} or {"error": class, "text": ..., ...}.
"""

import ast
import errno
import json
import re
import socket
import ssl
import sys
import warnings

PLACE = re.compile(r" ?\(?_ssl\.c:\d+\)?:? ?")
BASES = ("SSLError", "OSError", "ConnectionError", "ValueError", "TypeError", "RuntimeError", "TimeoutError")


def shake(client, server):
    """Take turns until both have shaken hands; what either raises is raised."""
    for _ in range(10):
        waiting = 0
        for each in (client, server):
            try:
                each.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                waiting += 1
        if waiting == 0:
            return True
    return False


def open_text(name):
    with open(name, encoding="latin-1") as file:
        return file.read()


HELPERS = {"open_text": open_text, "shake": shake, "nothing": lambda *args: None}


def pack(value):
    if value is None or isinstance(value, (bool, str, float)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, dict):
        return {"dict": {key: pack(each) for key, each in value.items()}}
    if isinstance(value, (list, tuple)):
        return [pack(each) for each in value]
    return {"object": type(value).__name__}


def outcome_of(error):
    packed = {
        "error": type(error).__name__,
        "text": PLACE.sub("", str(error)),
        "bases": [name for name in BASES if name in {base.__name__ for base in type(error).__mro__}],
    }
    if isinstance(error, OSError):
        packed.update(errno=pack(error.errno))
    if isinstance(error, ssl.SSLError):
        packed.update(library=getattr(error, "library", None), reason=getattr(error, "reason", None))
    if isinstance(error, ssl.SSLCertVerificationError):
        packed.update(verify_code=error.verify_code, verify_message=error.verify_message)
    return packed


def run_statement(statement, scope):
    try:
        if isinstance(ast.parse(statement).body[0], ast.Expr):
            return {"value": pack(eval(statement, scope))}
        exec(statement, scope)
        return {}
    except Exception as error:
        return outcome_of(error)


def main():
    warnings.simplefilter("ignore")
    task = json.load(sys.stdin)
    for statements in task["scenarios"]:
        scope = {"ssl": ssl, "socket": socket, "errno": errno, "certs": task["certs"], **HELPERS}
        print(json.dumps([run_statement(each, scope) for each in statements]), flush=True)


main()
