"""Calls from Python into the library: values, objects and exceptions on their way there and back.

Nothing here knows what a call does. `wire.ts` has the format, `objects.ts` says what becomes of objects.
"""
import builtins
import io
import marshal
import operator
import os
import sys
import threading
import warnings
import weakref

import _host

STACK_LEVEL = 4  # from here to whoever called a shim
VERSION = 2  # marshal's: without references


class Remote:
    """An object of the library that lives in one worker. Subclasses are the shims' classes of that name."""

    _worker = _id = None

    @classmethod
    def _blank(cls):
        return cls.__new__(cls)

    def _adopt(self, worker, ident):
        self._worker, self._id = worker, ident
        kept[ident] = self
        return self

    def _call(self, name, *args):
        return request("method", self, name, list(args), worker=self._worker)

    def _get(self, name):
        return request("get", self, name, worker=self._worker)

    def _release(self):
        if self._id is not None and _host is not None:
            note(self._worker, "release", self._id)

    def __del__(self):
        self._release()


class Foreign:
    """A Python object that the library may call; `methods` and `attributes` are those that it is to find there."""

    METHODS = ("fileno", "read", "seek", "recv_into", "send")
    ATTRIBUTES = ("mode",)

    def __init__(self, value, methods=METHODS):
        self.value = value
        self.methods = methods


class Live:
    """A list that may change while the library reads it."""

    def __init__(self, value):
        self.value = value


class Fillable:
    """A buffer that the library writes into."""

    def __init__(self, value):
        self.view = memoryview(value).cast("B") if memoryview(value).nbytes else memoryview(bytearray())


class Function(Foreign):
    """A Python function that the library may call."""


class Member:
    """An object of the library's that has a name: `Member(module, class, name)`."""

    def __init__(self, *names):
        self.names = names


class Names(dict):
    """Arguments by name."""


class Absent:
    """An argument that is not given, between others that are."""


sockets = weakref.WeakValueDictionary()  # serial -> socket
kept = weakref.WeakValueDictionary()  # id -> Remote
foreign = {}  # handle -> Python object: until the library's worker says that its stand-in is gone
handles = {}  # (worker, id(object)) -> (handle, object)
classes = {}  # the library's class name -> shim class
exceptions = {}  # the library's class name -> exception class
busy = {}  # worker -> how many calls wait for it, or are being carried out there
_lock = threading.RLock()
_count = 0
prelude = []  # calls that every worker has to have made: (function, args); see `everywhere`
_prepared = {}  # worker -> how many of them it has made


# ---- to the library -------------------------------------------------------------------------------------------------


def handle_of(worker, value):
    global _count
    with _lock:
        known = handles.get((worker, id(value)))
        if known is None:
            _count += 1
            known = handles[worker, id(value)] = (_count, value)
            foreign[_count] = value
        return known[0]


def forget_handles(worker, gone):
    with _lock:
        for handle in gone:
            value = foreign.pop(handle, None)
            handles.pop((worker, id(value)), None)


class Outgoing:
    """The arguments of one call, turned into what marshal takes."""

    def __init__(self, worker):
        self.worker = worker
        self.fillable = []
        self.marks = []

    def value(self, value):
        kind = type(value)
        if value is None or kind in (bool, int, float, bytes):
            return value
        if kind is str:
            return value
        if kind in (tuple, list):
            return tuple([self.value(each) for each in value])
        if kind is Names:
            return {key: self.value(each) for key, each in value.items()}
        return self.other(value)

    def other(self, value):
        if isinstance(value, Fillable):
            self.fillable.append(value.view)
            return (..., "buffer", bytes(value.view))
        if isinstance(value, Function):
            return (..., "function", handle_of(self.worker, value.value))
        if isinstance(value, Member):
            return (..., "member", *value.names)
        if hasattr(type(value), "_mark"):
            return value._mark(self)
        if isinstance(value, Remote) and value._worker == self.worker:
            return (..., "kept", value._id)
        if value is Absent:
            return (..., "absent")
        if isinstance(value, Live):
            return (..., "list", handle_of(self.worker, value.value))
        if isinstance(value, Foreign):
            return self.foreign(value.value, value.methods)
        if isinstance(value, (int, float, str)):
            return marshalled(value)
        if isinstance(value, (tuple, list)):
            return tuple([self.value(each) for each in value])
        return self.buffer_or_index(value)

    def buffer_or_index(self, value):
        try:
            view = memoryview(value)
        except TypeError:
            pass
        else:
            # A Buffer of JavaScript's is contiguous.
            if not view.c_contiguous:
                raise BufferError("memoryview: underlying buffer is not C-contiguous")
            return bytes(view)
        if hasattr(type(value), "__fspath__"):
            return os.fspath(value)
        if hasattr(type(value), "__index__"):
            return operator.index(value)
        if hasattr(type(value), "__float__"):
            return float(value)
        return self.foreign(value)

    def foreign(self, value, names=Foreign.METHODS):
        methods = tuple(name for name in names if callable(getattr(value, name, None)))
        attributes = {name: getattr(value, name) for name in Foreign.ATTRIBUTES if hasattr(value, name)}
        attributes = {name: each for name, each in attributes.items() if isinstance(each, str)}
        return (..., "foreign", handle_of(self.worker, value), type(value).__name__, methods, attributes)


def marshalled(value):
    """A value of a subclass of int, float or str, as one of that class itself."""
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind.__new__(kind, value)


# ---- from the library -----------------------------------------------------------------------------------------------


def incoming(value, worker):
    if type(value) is tuple:
        if value and value[0] is ...:
            return revive(value, worker)
        return tuple([incoming(each, worker) for each in value])
    if type(value) is dict:
        return {key: incoming(each, worker) for key, each in value.items()}
    return value


def revive(mark, worker):
    kind, *parts = mark[1:]
    if kind == "socket":
        *state, name = parts
        return classes[name]._revive(worker, *state)
    if kind == "foreign":
        return foreign[parts[0]]
    if kind == "object":
        return sockets[parts[0]]
    if kind == "record":
        name, *fields = parts
        return classes[name]._make([incoming(each, worker) for each in fields])
    ident, name = parts
    known = kept.get(ident)
    if known is None:
        cls = classes[name]
        known = cls._blank()._adopt(worker, ident)
    return known


def touch(touched):
    for serial, fd, timeout in touched:
        sock = sockets.get(serial)
        if sock is not None:
            sock._update(fd, timeout)


# ---- exceptions -----------------------------------------------------------------------------------------------------


FIELDS = ("reason", "library", "verify_code", "verify_message", "characters_written")


def exception_class(names):
    for name in names:
        known = exceptions.get(name) or getattr(builtins, name, None)
        if isinstance(known, type) and issubclass(known, BaseException):
            return known
        if name == "RangeError":
            return ValueError
    return RuntimeError


def exception(about):
    """The Python exception for what the library threw."""
    if "handle" in about:
        return foreign[about["handle"]]
    cls = exception_class(about["classes"])
    args = exception_args(cls, about)
    if cls is RuntimeError and about["classes"][:1] == ("Error",):
        args = (about.get("stack"),)
    raised = cls(*args)
    for name, field in about.items():
        if name in FIELDS and field is not None:
            setattr(raised, name, field)
    return raised


def exception_args(cls, about):
    if issubclass(cls, OSError) and about.get("errno") is not None:
        filename = (about["filename"],) if about.get("filename") is not None else ()
        return (about["errno"], about["strerror"], *filename)
    if issubclass(cls, (UnicodeEncodeError, UnicodeDecodeError)):
        # What was to be converted, and where it failed, stands in the library's text.
        return ("utf-8", "" if cls is UnicodeEncodeError else b"", 0, 0, about["message"])
    if issubclass(cls, KeyError):
        return (about.get("key", about["message"]),)
    if issubclass(cls, BaseExceptionGroup):
        return (about["message"].rpartition(" (")[0], [exception(each) for each in about["exceptions"]])
    return (about["message"],) if about["message"] else ()


def describe_exception(worker, raised):
    """What the library needs to know of an exception that Python code raised under it."""
    names = tuple(each.__name__ for each in type(raised).__mro__)
    if isinstance(raised, OSError) and raised.errno is not None:
        args = (raised.errno, raised.strerror)
    else:
        args = (str(raised),)
    return (handle_of(worker, raised), names, args)


# ---- calls ----------------------------------------------------------------------------------------------------------


def request(operation, *args, worker=-1):
    """Has a worker (-1: this thread's own) carry out an operation, and returns or raises what comes of it."""
    if worker == -1 or worker is None:
        worker = _host.worker()
    prepare(worker)
    outgoing = Outgoing(worker)
    sent = marshal.dumps((operation, *[outgoing.value(each) for each in args]), VERSION)
    with _lock:
        busy[worker] = busy.get(worker, 0) + 1
    try:
        answer = marshal.loads(_host.call(worker, sent))
    finally:
        with _lock:
            busy[worker] -= 1
    ok, value, touched, filled, gone, warned = answer
    for view, content in zip(outgoing.fillable, filled):
        view[:] = content
    touch(touched)
    result = incoming(value, worker) if ok else exception(value)
    forget_handles(worker, gone)
    for name, text in warned:
        warnings.warn(text, getattr(builtins, name), stacklevel=STACK_LEVEL)
    if ok:
        return result
    try:
        raise result
    finally:
        result = None


def prepare(worker):
    """What is a module's state in Python is each worker's own in the library."""
    for operation, *args in prelude[_prepared.setdefault(worker, 0) :]:
        _prepared[worker] += 1
        request(operation, *args, worker=worker)


def everywhere(operation, *args):
    """Makes a call in this thread's worker, and in every other one before that is used again."""
    result = request(operation, *args)
    prelude.append((operation, *args))
    _prepared[_host.worker()] = len(prelude)
    return result


def note(worker, operation, *args):
    """Tells a worker something and does not wait for it."""
    _host.note(worker, marshal.dumps((operation, *args), VERSION))


def answer(worker, question):
    """Carries out what the library calls of a Python object, on behalf of a worker: bytes to bytes, for the host."""
    target, name, args = incoming(marshal.loads(question), worker)
    buffers = [bytearray(each) if isinstance(each, bytes) else each for each in args]
    if not name.endswith("into"):
        buffers = [bytes(each) if isinstance(each, bytearray) else each for each in buffers]
    outgoing = Outgoing(worker)
    try:
        value = (True, outgoing.value(getattr(target, name)(*buffers)))
    except BaseException as raised:
        value = (False, describe_exception(worker, raised))
    filled = tuple(bytes(each) for each in buffers if isinstance(each, (bytes, bytearray)))
    return marshal.dumps((*value, filled), VERSION)


class Replayed:
    """An object of the library that Python threads share: each worker that is to work on it makes one of its own, and
    carries out there what has been done to the others."""

    def __init__(self, *made_by):
        self._made_by = made_by
        self._log = []
        self._replicas = {}  # worker -> [object, how much of the log it has]

    def _here(self, worker):
        """The object in this worker, up to date."""
        replica = self._replicas.get(worker)
        if replica is None:
            made = request(*self._made_by, worker=worker)
            replica = self._replicas[worker] = [made, 0]
        target, done = replica
        for operation, *args in self._log[done:]:
            request(operation, target, *args, worker=worker)
            replica[1] += 1
        return replica

    def _place(self):
        """The worker in which to carry out a call."""
        return _host.worker()

    def _ask(self, operation, *args):
        worker = self._place()
        return request(operation, self._here(worker)[0], *args, worker=worker)

    def _change(self, operation, *args):
        """A call that changes the object."""
        worker = self._place()
        replica = self._here(worker)
        result = request(operation, replica[0], *args, worker=worker)
        self._log.append((operation, *args))
        replica[1] = len(self._log)
        return result


# ---- what the shims are made of -------------------------------------------------------------------------------------


def keywords(args, names):
    """Positional arguments, then a dict of those by name, as the library takes them."""
    return [*args, Names(names)] if names else list(args)


def function(module, name):
    """A module's function, by position or by name."""

    def call(*args, **names):
        return request("call", module, name, keywords(args, names))

    call.__name__ = call.__qualname__ = name
    call.__module__ = module
    return call


def constants(module):
    return dict(request("constants", module))


def check_at_exit():
    """None of the C modules that the library stands for was loaded."""
    for name in ("_socket", "_ssl", "select"):
        origin = getattr(getattr(sys.modules.get(name), "__spec__", None), "origin", None)
        if origin is not None and not origin.endswith(".py"):
            print(f"conformance host: CPython's {name} was loaded from {origin}", file=sys.stderr)
            os._exit(125)


def start():
    import atexit

    _host.answer_with(answer)
    exceptions["UnsupportedOperation"] = io.UnsupportedOperation
    atexit.register(check_at_exit)
