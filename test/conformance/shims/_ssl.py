"""CPython's _ssl, over the library's ssl module: constants, exceptions, and the classes that ssl only passes on."""
import _bridge
from _bridge import Fillable, Remote, function, keywords, request

globals().update(_bridge.constants("ssl"))
OPENSSL_VERSION_INFO = tuple(OPENSSL_VERSION_INFO)  # noqa: F821
_OPENSSL_API_VERSION = OPENSSL_VERSION_INFO


class SSLError(OSError):
    """The library's SSLError."""

    library = reason = None

    def __str__(self):
        return self.strerror if isinstance(self.strerror, str) else str(self.args)


class SSLZeroReturnError(SSLError):
    pass


class SSLWantReadError(SSLError):
    pass


class SSLWantWriteError(SSLError):
    pass


class SSLSyscallError(SSLError):
    pass


class SSLEOFError(SSLError):
    pass


class SSLCertVerificationError(SSLError, ValueError):
    pass


for _class in (
    SSLError, SSLZeroReturnError, SSLWantReadError, SSLWantWriteError, SSLSyscallError, SSLEOFError,
    SSLCertVerificationError,
):
    _class.__module__ = "ssl"
    _bridge.exceptions[_class.__name__] = _class


class MemoryBIO(Remote):
    def __init__(self, *args):
        made = request("new", "ssl", "MemoryBIO", list(args))
        self._adopt(made._worker, made._id)
        made._id = None

    @property
    def pending(self):
        return self._get("pending")

    @property
    def eof(self):
        return self._get("eof")

    def read(self, *args):
        return self._call("read", *args)

    def write(self, data):
        return self._call("write", data)

    def write_eof(self):
        self._call("write_eof")


class SSLSession(Remote):
    """A session. Into another worker it goes by the library's own way to keep a session elsewhere: as bytes, which that
    worker's object of the same context reads."""

    _context = None

    def _mark(self, outgoing):
        if outgoing.worker == self._worker:
            return (..., "kept", self._id)
        there = self.__dict__.setdefault("_copies", {})
        if outgoing.worker not in there:
            data = self._call("to_bytes")
            there[outgoing.worker] = request(
                "method", self._context, "session_from_bytes", [data], worker=outgoing.worker
            )
        return (..., "kept", there[outgoing.worker]._id)

    def __new__(cls, *args):
        return request("new", "ssl", "SSLSession", list(args))

    @classmethod
    def _blank(cls):
        return object.__new__(cls)

    __hash__ = object.__hash__

    def __eq__(self, other):
        return isinstance(other, SSLSession) and self._call("equals", other)

    @property
    def id(self):
        return self._get("id")

    @property
    def time(self):
        return self._get("time")

    @property
    def timeout(self):
        return self._get("timeout")

    @property
    def ticket_lifetime_hint(self):
        return self._get("ticket_lifetime_hint")

    @property
    def has_ticket(self):
        return self._get("has_ticket")


class Certificate(Remote):
    """A certificate, which CPython hands out where the library gives its bytes."""

    def __new__(cls, der):
        return request("new", "ssl", "Certificate", [der])

    @classmethod
    def _blank(cls):
        return object.__new__(cls)

    def __eq__(self, other):
        return isinstance(other, Certificate) and self._call("equals", other)

    def __hash__(self):
        return hash(self.public_bytes(ENCODING_DER))  # noqa: F821

    def __repr__(self):
        return self._call("toString")

    def get_info(self):
        return self._call("get_info")

    def public_bytes(self, *args):
        return self._call("public_bytes", *args)


for _class in (MemoryBIO, SSLSession, Certificate):
    _bridge.classes[_class.__name__] = _class

for _name in "RAND_add RAND_bytes RAND_status _test_decode_cert txt2obj nid2obj".split():
    globals()[_name] = function("ssl", _name)
