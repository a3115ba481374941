"""Runs before anything else in the host: the shims take the place of the standard library's modules."""
import sys

# ADAPTED: hashlib goes without OpenSSL. Its OpenSSL would be bound to the copy that Node exports. hashlib and hmac have CPython's own code to fall back upon.
sys.modules["_hashlib"] = None

_quiet, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # nothing is written beside the shims

import _bridge  # noqa: E402

_bridge.start()

import select  # noqa: E402, F401
import selectors  # noqa: E402, F401
import socket  # noqa: E402, F401
import ssl  # noqa: E402, F401

sys.dont_write_bytecode = _quiet
