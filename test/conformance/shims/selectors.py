"""Python's selectors module, over the library's."""
from collections import namedtuple
from collections.abc import Mapping

import _bridge
from _bridge import Absent, Foreign, Remote, keywords, request

EVENT_READ, EVENT_WRITE = (_bridge.constants("selectors")[name] for name in ("EVENT_READ", "EVENT_WRITE"))

SelectorKey = namedtuple("SelectorKey", ["fileobj", "fd", "events", "data"])
_bridge.classes["SelectorKey"] = SelectorKey


def _opaque(data):
    """What a caller attaches comes back as the very object."""
    return data if data is None or type(data) in (bool, int, str) else Foreign(data, ())


class SelectorMapping(Remote, Mapping):
    def __len__(self):
        return self._get("size")

    def __getitem__(self, fileobj):
        found = self._call("get", fileobj)
        if found is None:
            raise KeyError(f"{fileobj!r} is not registered")
        return found

    def __contains__(self, fileobj):
        return self._call("has", fileobj)

    def __iter__(self):
        return iter(request("iterate", self, worker=self._worker))

    def values(self):
        return list(request("list", self, "values", [], worker=self._worker))


_bridge.classes["SelectorMapping"] = SelectorMapping


class BaseSelector(Remote):
    def __init__(self):
        made = request("new", "selectors", type(self).__name__, [])
        self._adopt(made._worker, made._id)
        made._id = None

    def register(self, fileobj, events, data=None):
        return self._call("register", fileobj, events, _opaque(data))

    def unregister(self, fileobj):
        return self._call("unregister", fileobj)

    def modify(self, fileobj, events, data=None):
        return self._call("modify", fileobj, events, _opaque(data))

    def select(self, timeout=None):
        return list(self._call("select", timeout))

    def close(self):
        self._call("close")

    def get_key(self, fileobj):
        return self._call("get_key", fileobj)

    def get_map(self):
        return self._call("get_map")

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class SelectSelector(BaseSelector):
    pass


class PollSelector(BaseSelector):
    pass


class EpollSelector(BaseSelector):
    def fileno(self):
        return self._call("fileno")


class KqueueSelector(BaseSelector):
    def fileno(self):
        return self._call("fileno")


# Names exist where the system has what they stand for.
_signs = {EpollSelector: "EPOLLIN", KqueueSelector: "KQ_FILTER_READ"}
for _class in (SelectSelector, PollSelector, EpollSelector, KqueueSelector):
    if _signs.get(_class, "POLLIN") in _bridge.constants("select"):
        _bridge.classes[_class.__name__] = _class
    else:
        del globals()[_class.__name__]

DefaultSelector = _bridge.classes[request("class", "selectors", "DefaultSelector")]
