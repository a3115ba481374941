"""CPython's select, over the library's."""
import _bridge
from _bridge import Live, Remote, Replayed, keywords, request

globals().update(_bridge.constants("select"))
error = OSError


def _items(value):
    """A list is read while it may change; what else can be iterated over is taken as it is now."""
    if isinstance(value, list):
        return Live(value)
    try:
        return list(value)
    except TypeError:
        return value


def select(rlist, wlist, xlist, timeout=None):
    lists = [_items(each) for each in (rlist, wlist, xlist)]
    return tuple([list(each) for each in request("call", "select", "select", [*lists, timeout])])


class _poll(Replayed):
    """A poll object. ADAPTED: a second poll at the same time is refused. Python threads may share a poll object; one of
    JavaScript belongs to one thread, and cannot be called while a call on it waits."""

    _polling = False

    def __new__(cls, *args):
        raise TypeError("cannot create 'select.poll' instances")

    def register(self, fd, *args):
        self._change("method", "register", [fd, *args])

    def modify(self, fd, eventmask):
        self._change("method", "modify", [fd, eventmask])

    def unregister(self, fd):
        self._change("method", "unregister", [fd])

    def poll(self, *args):
        if self._polling:
            raise RuntimeError("concurrent poll() invocation")
        self._polling = True
        try:
            return list(self._ask("method", "poll", list(args)))
        finally:
            self._polling = False


_poll.__name__ = _poll.__qualname__ = "poll"


def poll():
    made = object.__new__(_poll)
    Replayed.__init__(made, "new", "select", "poll", [])
    return made


_bridge.classes["poll"] = Remote


class epoll(Remote):
    """An epoll object. It lives in the worker of the thread that made it."""

    def __init__(self, *args, **names):
        made = request("new", "select", "epoll", keywords(args, names))
        self._adopt(made._worker, made._id)
        made._id = None

    @classmethod
    def fromfd(cls, fd):
        return request("static", "select", "epoll", "fromfd", [fd])

    @property
    def closed(self):
        return self._get("closed")

    def fileno(self):
        return self._call("fileno")

    def close(self):
        self._call("close")

    def register(self, *args, **names):
        self._call("register", *keywords(args, names))

    def modify(self, *args, **names):
        self._call("modify", *keywords(args, names))

    def unregister(self, *args, **names):
        self._call("unregister", *keywords(args, names))

    def poll(self, *args, **names):
        return list(self._call("poll", *keywords(args, names)))

    def __enter__(self):
        self.fileno()
        return self

    def __exit__(self, *args):
        self.close()

    def __del__(self):
        if self._id is not None:
            self.close()
            self._release()



class kevent(Remote):
    """An event of a kqueue object. Operators compare, where JavaScript has a method."""

    def __init__(self, *args, **names):
        made = request("new", "select", "kevent", keywords(args, names))
        self._adopt(made._worker, made._id)
        made._id = None

    ident, filter, flags, fflags, data, udata = (
        property(lambda self, name=name: self._get(name)) for name in "ident filter flags fflags data udata".split()
    )

    def __eq__(self, other):
        return self._call("compare", other) == 0 if isinstance(other, kevent) else NotImplemented

    def __lt__(self, other):
        return self._call("compare", other) < 0 if isinstance(other, kevent) else NotImplemented

    def __le__(self, other):
        return self._call("compare", other) <= 0 if isinstance(other, kevent) else NotImplemented

    __hash__ = None


class kqueue(Remote):
    """A kqueue object. It lives in the worker of the thread that made it."""

    def __init__(self):
        made = request("new", "select", "kqueue", [])
        self._adopt(made._worker, made._id)
        made._id = None

    @classmethod
    def fromfd(cls, fd):
        return request("static", "select", "kqueue", "fromfd", [fd])

    @property
    def closed(self):
        return self._get("closed")

    def fileno(self):
        return self._call("fileno")

    def close(self):
        self._call("close")

    def control(self, changelist, *args):
        return list(self._call("control", _items(changelist) if changelist is not None else None, *args))

    def __del__(self):
        if self._id is not None:
            self.close()
            self._release()


# Names exist where the system has what they stand for.
for _class, _sign in ((epoll, "EPOLLIN"), (kqueue, "KQ_FILTER_READ"), (kevent, "KQ_FILTER_READ")):
    if _sign in globals():
        _bridge.classes[_class.__name__] = _class
    else:
        del globals()[_class.__name__]
