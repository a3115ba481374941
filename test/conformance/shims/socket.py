"""Python's socket module, over the library's."""
import io
from enum import IntEnum, IntFlag

import _bridge
import _socket
from _bridge import Absent, Fillable, Foreign, Remote, function, keywords, request
from _socket import *  # noqa: F403
from _socket import SocketType, error, fillable, gaierror, herror, listed, timeout  # noqa: F401

_GLOBAL_DEFAULT_TIMEOUT = object()
_LOCALHOST = "127.0.0.1"
_LOCALHOST_V6 = "::1"

# As CPython: the constants become members of enums. The library says which names belong to which.
for _base, _name, _prefix in (
    (IntEnum, "AddressFamily", "AF_"),
    (IntEnum, "SocketKind", "SOCK_"),
    (IntFlag, "MsgFlag", "MSG_"),
    (IntFlag, "AddressInfo", "AI_"),
):
    _base._convert_(_name, __name__, lambda name, prefix=_prefix: name.isupper() and name.startswith(prefix))


def member(value, enum):
    """A number as a member of the enum, if it is one."""
    try:
        return enum(value)
    except ValueError:
        return value


class socket(_socket.socket):
    """A socket of the library, with members of enums for its family and its type."""

    @property
    def family(self):
        return member(super().family, AddressFamily)  # noqa: F405

    @property
    def type(self):
        return member(super().type, SocketKind)  # noqa: F405

    def dup(self):
        copy = super().dup()
        if type(self) is socket:
            return copy
        own = type(self).__new__(type(self))
        own._take_over(copy)
        return own

    def makefile(self, *args, **names):
        """A file object of the library's."""
        self._pin()
        file = request("method", self, "makefile", keywords(args, names), worker=self._home)
        file._sock = self
        return file

    def _pin(self):
        if self._home is None:
            self._home = _bridge._host.worker()

    def _sendfile_use_send(self, file, *args, **names):
        # CPython's name for how it goes where the kernel does not do it: for a file without a descriptor.
        return self._call("sendfile", Foreign(file, ("read", "seek")), *keywords(args, names))

    _sendfile_use_sendfile = _socket.socket.sendfile


_bridge.classes["socket"] = socket


class _File(Remote):
    """What the library's file objects have in common. Methods are the library's, by name."""

    _sock = None
    __hash__ = object.__hash__

    def _call(self, name, *args):
        # The socket goes along, for a file's end may be that of its socket.
        return request("method", self, name, list(args), self._sock, worker=self._worker)

    @property
    def closed(self):
        return self._id is None or request("get", self, "closed", worker=self._worker)

    def __repr__(self):
        return request("repr", self, worker=self._worker)

    @property
    def name(self):
        return self._get("name")

    @property
    def mode(self):
        return self._get("mode")

    def close(self):
        if self._id is not None:
            try:
                self._call("close")
            finally:
                self._sock = None

    def readlines(self, *args):
        return list(self._call("readlines", *args))

    def writelines(self, lines):
        self._call("writelines", listed(lines))

    def readinto(self, buffer):
        return self._call("readinto", fillable(buffer, "readinto"))

    def readinto1(self, buffer):
        return self._call("readinto1", fillable(buffer, "readinto1"))

    def __del__(self):
        try:
            self.close()
        finally:
            self._release()


def _file_method(name):
    def call(self, *args):
        return self._call(name, *args)

    call.__name__ = name
    return call


for _name in (
    "detach fileno flush isatty peek read read1 readable readall readline seek seekable tell truncate writable write"
).split():
    setattr(_File, _name, _file_method(_name))


class SocketIO(_File, io.RawIOBase):
    def __init__(self, sock, mode):
        sock._pin()
        made = request("new", "socket", "SocketIO", [sock, mode], worker=sock._home)
        self._adopt(made._worker, made._id)
        made._id = None
        self._sock = sock


class BufferedReader(_File, io.BufferedIOBase):
    @property
    def raw(self):
        return self._get("raw")


class BufferedWriter(BufferedReader):
    pass


class BufferedRWPair(BufferedReader):
    pass


class TextIOWrapper(_File, io.TextIOBase):
    @property
    def buffer(self):
        return self._get("buffer")

    @property
    def encoding(self):
        return self._get("encoding")

    @property
    def errors(self):
        return self._get("errors")

    @property
    def newlines(self):
        return self._get("newlines")


for _class in (SocketIO, BufferedReader, BufferedWriter, BufferedRWPair, TextIOWrapper):
    _bridge.classes[_class.__name__] = _class

for _name in "getfqdn has_dualstack_ipv6 create_server".split():
    globals()[_name] = function("socket", _name)


def fromfd(*args, **names):
    return request("call", "socket", "fromfd", keywords(args, names))


def socketpair(*args, **names):
    return request("call", "socket", "socketpair", keywords(args, names))


def create_connection(address, timeout=_GLOBAL_DEFAULT_TIMEOUT, source_address=None, **names):
    if timeout is not _GLOBAL_DEFAULT_TIMEOUT:
        names["timeout"] = timeout
    if source_address is not None:
        names["source_address"] = source_address
    return request("call", "socket", "create_connection", keywords((address,), names))


def getaddrinfo(*args, **names):
    return [
        (member(family, AddressFamily), member(kind, SocketKind), *rest)  # noqa: F405
        for family, kind, *rest in _socket.getaddrinfo(*args, **names)
    ]


def send_fds(sock, buffers, fds, *args, **names):
    return request("call", "socket", "send_fds", keywords((sock, listed(buffers), listed(fds), *args), names))


def recv_fds(*args, **names):
    data, fds, flags, address = request("call", "socket", "recv_fds", keywords(args, names))
    return data, list(fds), flags, address


__all__ = [name for name in request("names", "socket") if name in globals()]
