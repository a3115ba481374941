"""Runs the scenarios of io/test_io.ts with Python's own io module: JSON on standard input, JSON on standard output.

A scenario is a scripted raw stream, a file object over it, and steps. io/test_io.ts says what each part means.
"""

import errno
import io
import json
import sys


def unpack(value):
    """{"bytes": text} is bytes, one for each Latin-1 character; lists may hold such."""
    if isinstance(value, dict):
        return value["bytes"].encode("latin-1")
    return [unpack(each) for each in value] if isinstance(value, list) else value


def pack(value):
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).decode("latin-1")}
    if isinstance(value, (list, tuple)):
        return [pack(each) for each in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return "object"


EXCEPTIONS = {
    "TimeoutError": TimeoutError("timed out"),
    "InterruptedError": InterruptedError(errno.EINTR, "interrupted"),
    "OSError": OSError("broken"),
}


# What 3.13 says of a stream without a byte order mark, and what every version before it said.
MARK_MISSING = "'utf-16' codec can't decode bytes in position 0-1: Stream does not start with BOM"
MARK_MISSING_BEFORE = {"error": "UnicodeError", "text": "UTF-16 stream does not start with BOM"}


class ScriptedRaw(io.RawIOBase):
    """Gives its chunks one by one, takes as much as it is told to, and notes the size of each call."""

    def __init__(self, chunks, accepts, modes):
        self.chunks = list(chunks)
        self.accepts = list(accepts)
        self.modes = modes
        self.sizes = []
        self.written = b""

    def readable(self):
        return "r" in self.modes

    def writable(self):
        return "w" in self.modes

    def next_of(self, script, default):
        step = script.pop(0) if script else default
        if isinstance(step, dict) and "raise" in step:
            raise EXCEPTIONS[step["raise"]]
        return step

    def readinto(self, buffer):
        self.sizes.append(len(buffer))
        chunk = self.next_of(self.chunks, {"bytes": ""})
        if chunk is None or isinstance(chunk, int):
            return chunk
        data = unpack(chunk)
        count = min(len(data), len(buffer))
        buffer[:count] = data[:count]
        if count < len(data):
            self.chunks.insert(0, pack(data[count:]))
        return count

    def write(self, data):
        self.sizes.append(len(data))
        count = self.next_of(self.accepts, len(data))
        if count is None:
            return None
        self.written += bytes(data[: max(count, 0)])
        return count if count < 0 else min(count, len(data))


def make(scenario):
    raw = ScriptedRaw(scenario["chunks"], scenario["accepts"], scenario["modes"])
    size = scenario["size"]
    buffers = {
        "raw": lambda: raw,
        "reader": lambda: io.BufferedReader(raw, size),
        "writer": lambda: io.BufferedWriter(raw, size),
        "pair": lambda: io.BufferedRWPair(raw, raw, size),
    }
    file = buffers[scenario["kind"]]()
    if scenario["text"] is not None:
        file = io.TextIOWrapper(file, **{"encoding": "utf-8", **scenario["text"]})
    return raw, file


def fill(file, name, length):
    room = bytearray(length)
    return [getattr(file, name)(room), room]


def perform(raw, file, name, args):
    if name == "get":
        return getattr(file, args[0])
    if name in ("fill", "fill1"):
        return fill(file, "readinto" if name == "fill" else "readinto1", args[0])
    if name == "list":
        return list(file)
    if name == "next":
        return next(iter(file), "end")
    if name == "close raw":
        return raw.close()
    return getattr(file, name)(*args)


def attempt(action):
    try:
        return {"value": pack(action())}
    except Exception as error:
        text = getattr(error, "strerror", None) or str(error)
        outcome = {"error": type(error).__name__, "text": text}
        if text == MARK_MISSING:
            return MARK_MISSING_BEFORE
        # Only our own buffers set it; Python has it as an attribute that may be missing.
        if isinstance(error, BlockingIOError) and error.strerror:
            outcome["characters_written"] = error.characters_written
        return outcome


def run(scenario):
    made = []
    outcomes = [attempt(lambda: made.extend(make(scenario)))]
    if not made:
        return {"outcomes": outcomes}
    raw, file = made
    for name, *args in scenario["steps"]:
        outcomes.append(attempt(lambda: perform(raw, file, name, unpack(args))))
    # A copy, for buffers that are collected as garbage still write what they hold.
    return {"outcomes": outcomes, "sizes": list(raw.sizes), "written": pack(raw.written)}


results = [run(scenario) for scenario in json.load(sys.stdin)]
json.dump({"version": sys.version_info[:2], "results": results}, sys.stdout)
