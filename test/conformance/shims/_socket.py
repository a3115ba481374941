"""CPython's _socket, over the library's socket module: the socket class and the functions, without enums."""
import threading

import _bridge
from _bridge import Fillable, Foreign, Names, function, keywords, note, request

globals().update(_bridge.constants("socket"))
error = OSError
timeout = TimeoutError


class gaierror(OSError):
    """The library's gaierror."""


class herror(OSError):
    """The library's herror."""


_bridge.exceptions.update(gaierror=gaierror, herror=herror)


def listed(value):
    """The items of what can be iterated over; else the value, for the library to refuse."""
    if isinstance(value, (str, bytes)):
        return value
    try:
        return list(value)
    except TypeError:
        return value


def fillable(buffer, caller):
    """A buffer to be filled. ADAPTED: a read-only buffer is refused. JavaScript has none."""
    try:
        readonly = memoryview(buffer).readonly
    except TypeError:
        return buffer
    if readonly:
        name = type(buffer).__name__
        raise TypeError(f"{caller}() argument 1 must be read-write bytes-like object, not {name}")
    return Fillable(buffer)


def seconds(value):
    return None if value is None else float(value)


class socket:
    """A socket of the library. What Python threads share is the descriptor: see objects.ts."""

    _serial = None
    _fd = -1
    _timeout = None
    # The worker that has files over this socket: there it is closed, for there they are counted.
    _home = None

    def __init__(self, *args, **names):
        made = request("new", "socket", "socket", keywords(args, names))
        self._take_over(made)

    @classmethod
    def _revive(cls, worker, serial, fd, family, type, proto, timeout):
        known = _bridge.sockets.get(serial)
        if known is None:
            known = cls.__new__(cls)
            known._become(worker, serial, fd, family, type, proto, timeout)
        return known

    def _become(self, worker, serial, fd, family, type, proto, timeout):
        self._made_in, self._workers = worker, {worker}
        self._serial, self._fd, self._timeout = serial, fd, timeout
        self._family, self._type, self._proto = family, type, proto
        # Of two threads that close, one does.
        self._closing = threading.RLock()
        _bridge.sockets[serial] = self

    def _take_over(self, other):
        """Becomes the object that was made for what `other` stands for."""
        self._become(other._made_in, other._serial, other._fd, other._family, other._type, other._proto, other._timeout)
        other._serial = None

    def _update(self, fd, timeout):
        self._fd, self._timeout = fd, timeout

    def _mark(self, outgoing):
        if self._serial is None:
            return (..., "foreign", 0, type(self).__name__, (), {})
        self._workers.add(outgoing.worker)
        state = (self._serial, self._fd, self._family, self._type, self._proto, self._timeout)
        return (..., "socket", *state, self._overridden())

    @classmethod
    def _overridden(cls):
        """What a Python subclass does in its own way, and the library's own methods call."""
        return tuple(name for name in ("recv_into", "send") if getattr(cls, name) is not getattr(socket, name))

    def _call(self, name, *args, worker=None):
        return request("method", self, name, list(args), worker=worker)

    def __del__(self):
        serial, self._serial = self._serial, None
        if serial is None or note is None:
            return
        home = self._made_in if self._home is None else self._home
        for worker in self._workers - {home}:
            note(worker, "forget", serial)
        if self._fd >= 0:
            # The library closes what is collected, and warns.
            request("collect", serial, worker=home)
        else:
            note(home, "forget", serial)

    def __getstate__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    @property
    def _closed(self):
        return request("get", self, "_closed", worker=self._home)

    def __repr__(self):
        text = request("repr", self, worker=self._home)
        return text.replace("socket.socket", f"{type(self).__module__}.{type(self).__qualname__}", 1)

    @property
    def family(self):
        return request("get", self, "family")

    @property
    def type(self):
        return request("get", self, "type")

    @property
    def proto(self):
        return request("get", self, "proto")

    @property
    def timeout(self):
        return seconds(request("get", self, "timeout"))

    def gettimeout(self):
        return seconds(self._call("gettimeout"))

    def close(self):
        with self._closing:
            self._call("close", worker=self._home)

    def detach(self):
        with self._closing:
            return self._call("detach", worker=self._home)

    def _accept(self):
        sock, address = self._call("accept")
        return sock.detach(), address

    def recv_into(self, buffer, *args, **names):
        return self._call("recv_into", fillable(buffer, "recv_into"), *keywords(args, names))

    def recvfrom_into(self, buffer, *args, **names):
        return self._call("recvfrom_into", fillable(buffer, "recvfrom_into"), *keywords(args, names))

    def recvmsg(self, *args):
        data, ancillary, flags, address = self._call("recvmsg", *args)
        return data, list(ancillary), flags, address

    def recvmsg_into(self, buffers, *args):
        parts = listed(buffers)
        if isinstance(parts, list):
            parts = [fillable(each, "recvmsg_into") for each in parts]
        count, ancillary, flags, address = self._call("recvmsg_into", parts, *args)
        return count, list(ancillary), flags, address

    def sendmsg(self, buffers, *args):
        ancillary = [listed(args[0])] if args and args[0] is not None else list(args[:1])
        return self._call("sendmsg", listed(buffers), *ancillary, *args[1:])

    def sendmsg_afalg(self, *args, **names):
        return self._call("sendmsg_afalg", *[listed(each) for each in args], Names(names))

    def sendfile(self, file, *args, **names):
        return self._call("sendfile", Foreign(file), *keywords(args, names))


def _method(name):
    def call(self, *args, **names):
        return self._call(name, *keywords(args, names))

    call.__name__ = name
    call.__qualname__ = f"socket.{name}"
    return call


for _name in (
    "accept bind connect connect_ex dup fileno get_inheritable getblocking getpeername getsockname getsockopt listen "
    "recv recvfrom send sendall sendto set_inheritable setblocking setsockopt settimeout shutdown"
).split():
    setattr(socket, _name, _method(_name))

SocketType = socket
_bridge.classes["socket"] = socket

for _name in (
    "CMSG_LEN CMSG_SPACE close dup gethostbyname gethostname getnameinfo getprotobyname getservbyname getservbyport "
    "htonl htons if_indextoname if_nametoindex inet_aton inet_ntoa inet_ntop inet_pton ntohl ntohs sethostname "
    "socketpair"
).split():
    globals()[_name] = function("socket", _name)


def getaddrinfo(*args, **names):
    return list(request("call", "socket", "getaddrinfo", keywords(args, names)))


def gethostbyaddr(*args):
    name, aliases, addresses = request("call", "socket", "gethostbyaddr", list(args))
    return name, list(aliases), list(addresses)


def gethostbyname_ex(*args):
    name, aliases, addresses = request("call", "socket", "gethostbyname_ex", list(args))
    return name, list(aliases), list(addresses)


def if_nameindex():
    return list(request("call", "socket", "if_nameindex", []))


def getdefaulttimeout():
    return seconds(request("call", "socket", "getdefaulttimeout", []))


def setdefaulttimeout(*args):
    _bridge.everywhere("call", "socket", "setdefaulttimeout", list(args))
