"""Python's ssl module, over the library's."""
import operator
from collections import namedtuple
from enum import Enum, IntEnum, IntFlag

import _bridge
import _host
import _socket
import _ssl
import socket as _plain
from _bridge import Function, Member, Remote, Replayed, function, keywords, request
from _ssl import *  # noqa: F403
from _ssl import (  # noqa: F401
    MemoryBIO, SSLCertVerificationError, SSLEOFError, SSLError, SSLSession, SSLSyscallError, SSLWantReadError,
    SSLWantWriteError, SSLZeroReturnError,
)
from socket import SO_TYPE, SOCK_STREAM, SOL_SOCKET, create_connection, fillable, member  # noqa: F401

_OPENSSL_API_VERSION = _ssl._OPENSSL_API_VERSION
socket_error = OSError
CertificateError = SSLCertVerificationError
CHANNEL_BINDING_TYPES = list(_ssl.CHANNEL_BINDING_TYPES)

# ---- enums ----------------------------------------------------------------------------------------------------------

for _base, _name, _prefix in (
    (IntEnum, "_SSLMethod", "PROTOCOL_"),
    (IntFlag, "Options", "OP_"),
    (IntEnum, "AlertDescription", "ALERT_DESCRIPTION_"),
    (IntEnum, "SSLErrorNumber", "SSL_ERROR_"),
    (IntFlag, "VerifyFlags", "VERIFY_"),
    (IntEnum, "VerifyMode", "CERT_"),
):
    _base._convert_(
        _name,
        __name__,
        lambda name, prefix=_prefix: name.startswith(prefix) and name != "PROTOCOL_SSLv23",
        source=_ssl,
    )

PROTOCOL_SSLv23 = _SSLMethod.PROTOCOL_SSLv23 = _SSLMethod.PROTOCOL_TLS  # noqa: F821
_PROTOCOL_NAMES = {value: name for name, value in _SSLMethod.__members__.items()}  # noqa: F821

for _name in "TLSVersion _TLSContentType _TLSAlertType _TLSMessageType".split():
    globals()[_name] = IntEnum(_name, request("members", "ssl", _name), module=__name__)

# ---- object identifiers ---------------------------------------------------------------------------------------------


class _ASN1Object(namedtuple("_ASN1Object", "nid shortname longname oid")):
    __slots__ = ()

    def __new__(cls, oid):
        return super().__new__(cls, *request("new", "ssl", "_ASN1Object", [oid]))

    @classmethod
    def fromnid(cls, nid):
        return super().__new__(cls, *request("static", "ssl", "_ASN1Object", "fromnid", [nid]))

    @classmethod
    def fromname(cls, name):
        return super().__new__(cls, *request("static", "ssl", "_ASN1Object", "fromname", [name]))


_bridge.classes["_ASN1Object"] = namedtuple("Fields", "nid shortname longname oid")


class Purpose(_ASN1Object, Enum):
    SERVER_AUTH = request("get", Member("ssl", "Purpose", "SERVER_AUTH"), "oid")
    CLIENT_AUTH = request("get", Member("ssl", "Purpose", "CLIENT_AUTH"), "oid")

    def _mark(self, outgoing):
        return (..., "member", "ssl", "Purpose", self.name)


DefaultVerifyPaths = namedtuple(
    "DefaultVerifyPaths",
    "cafile capath openssl_cafile_env openssl_cafile openssl_capath_env openssl_capath",
)


def get_default_verify_paths():
    found = request("call", "ssl", "get_default_verify_paths", [])
    return DefaultVerifyPaths(*request("iterate", found, worker=found._worker))


_bridge.classes["DefaultVerifyPaths"] = Remote


# ---- contexts -------------------------------------------------------------------------------------------------------


def _setting(name, convert=lambda value: value, wrap=lambda value: value):
    def get(self):
        return convert(self._ask("get", name))

    def set(self, value):
        self._change("set", name, wrap(value))

    return property(get, set)


def _callback(function):
    return Function(function) if callable(function) else function


def _server_name_callback(callback):
    """ADAPTED: what an sni_callback raises is reported. The library's handshake would throw it."""

    def asked(*args):
        try:
            answer = callback(*args)
        except BaseException as raised:
            _host.unraisable(raised, callback)
            return ALERT_DESCRIPTION_HANDSHAKE_FAILURE  # noqa: F821
        try:
            return None if answer is None else operator.index(answer)
        except TypeError as raised:
            _host.unraisable(raised, answer)
            return ALERT_DESCRIPTION_INTERNAL_ERROR  # noqa: F821

    return Function(asked) if callable(callback) else callback


def _enum(enum):
    return lambda value: member(value, enum)


class SSLContext(Replayed):
    """A context. It has a worker that is no thread's own, where the connections that it makes live, too. Only while
    that waits for one of them, a further one is made elsewhere."""

    sslsocket_class = sslobject_class = None  # set below

    def __init__(self, protocol=None, *args, **names):
        self._begin("new", "ssl", "SSLContext", [] if protocol is None else [protocol])

    def _begin(self, *made_by):
        super().__init__(*made_by)
        self._worker = _host.acquire()
        self._callbacks = {}
        self._here(self._worker)
        return self

    @classmethod
    def _made_by_call(cls, name, args, names):
        return object.__new__(cls)._begin("call", "ssl", name, keywords(args, names))

    def __del__(self):
        worker = self.__dict__.get("_worker")
        if worker is not None and _host is not None:
            _host.release(worker)

    def _here(self, worker):
        replica = super()._here(worker)
        # Where the library hands a context out, it is this one.
        _bridge.kept[replica[0]._id] = self
        return replica

    def _place(self):
        return self._worker if not _bridge.busy.get(self._worker) else _host.worker()

    def _mark(self, outgoing):
        return (..., "kept", self._here(outgoing.worker)[0]._id)

    protocol = property(lambda self: member(self._ask("get", "protocol"), _SSLMethod))  # noqa: F821
    security_level = property(lambda self: self._ask("get", "security_level"))
    options = _setting("options", _enum(Options))  # noqa: F821
    verify_mode = _setting("verify_mode", _enum(VerifyMode))  # noqa: F821
    verify_flags = _setting("verify_flags", _enum(VerifyFlags))  # noqa: F821
    minimum_version = _setting("minimum_version", _enum(TLSVersion))  # noqa: F821
    maximum_version = _setting("maximum_version", _enum(TLSVersion))  # noqa: F821
    check_hostname = _setting("check_hostname", wrap=bool)
    hostname_checks_common_name = _setting("hostname_checks_common_name")
    num_tickets = _setting("num_tickets")
    post_handshake_auth = _setting("post_handshake_auth")
    keylog_filename = _setting("keylog_filename")
    _host_flags = _setting("_host_flags")

    @property
    def sni_callback(self):
        return self._callbacks.get("sni_callback")

    @sni_callback.setter
    def sni_callback(self, callback):
        self._change("set", "sni_callback", _server_name_callback(callback))
        self._callbacks["sni_callback"] = callback

    def set_servername_callback(self, callback):
        self._change("method", "set_servername_callback", [_server_name_callback(callback)])
        self._callbacks["sni_callback"] = callback

    @property
    def _msg_callback(self):
        return self._callbacks.get("_msg_callback")

    @_msg_callback.setter
    def _msg_callback(self, callback):
        def told(conn, direction, version, content_type, msg_type, data):
            kinds = {TLSContentType.HEADER: TLSContentType, TLSContentType.ALERT: TLSAlertType}  # noqa: F821
            kind = kinds.get(content_type, TLSMessageType)  # noqa: F821
            callback(
                conn,
                direction,
                member(version, TLSVersion),  # noqa: F821
                member(content_type, TLSContentType),  # noqa: F821
                member(msg_type, kind),
                data,
            )

        self._change("set", "_msg_callback", Function(told) if callable(callback) else callback)
        self._callbacks["_msg_callback"] = callback

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        self._change("method", "load_cert_chain", [certfile, keyfile, _callback(password)])

    def get_ca_certs(self, *args, **names):
        return list(self._ask("method", "get_ca_certs", keywords(args, names)))

    def get_ciphers(self):
        return list(self._ask("method", "get_ciphers", []))

    def set_alpn_protocols(self, protocols):
        self._change("method", "set_alpn_protocols", [list(protocols)])

    def set_npn_protocols(self, protocols):
        self._change("method", "set_npn_protocols", [list(protocols)])

    def wrap_socket(self, sock, *args, **names):
        made = request("method", self, "wrap_socket", keywords((sock, *args), names), worker=self._place())
        made._made_of(self)
        return made._of_class(self.sslsocket_class)

    def wrap_bio(self, incoming, outgoing, *args, **names):
        worker = getattr(incoming, "_worker", None)
        made = request("method", self, "wrap_bio", keywords((incoming, outgoing, *args), names), worker=worker)
        made._made_of(self)
        return made._of_class(self.sslobject_class)


TLSContentType, TLSAlertType, TLSMessageType = _TLSContentType, _TLSAlertType, _TLSMessageType  # noqa: F821


def _context_method(name, operation):
    def call(self, *args, **names):
        return getattr(self, operation)("method", name, keywords(args, names))

    call.__name__ = name
    return call


for _name in (
    "load_verify_locations load_default_certs set_default_verify_paths load_dh_params set_ciphers set_ecdh_curve"
).split():
    setattr(SSLContext, _name, _context_method(_name, "_change"))
for _name in "cert_store_stats session_stats".split():
    setattr(SSLContext, _name, _context_method(_name, "_ask"))

_bridge.classes["SSLContext"] = Remote


def create_default_context(*args, **names):
    context = SSLContext._made_by_call("create_default_context", args, names)
    # ADAPTED: create_default_context is not strict. It is since Python 3.13: these tests' certificates are older.
    context.verify_flags &= ~(VERIFY_X509_STRICT | VERIFY_X509_PARTIAL_CHAIN)  # noqa: F821
    return context


def _create_unverified_context(*args, **names):
    return SSLContext._made_by_call("_create_unverified_context", args, names)


_create_stdlib_context = _create_unverified_context
_create_default_https_context = create_default_context

# ---- connections ----------------------------------------------------------------------------------------------------


class _Connection:
    """What CPython keeps below an SSLSocket or SSLObject, as far as its tests look there."""

    def __init__(self, owner):
        self.owner = owner

    @property
    def context(self):
        return self.owner.context

    def get_verified_chain(self):
        return [_ssl.Certificate(der) for der in self.owner._call("get_verified_chain")]

    def get_unverified_chain(self):
        return [_ssl.Certificate(der) for der in self.owner._call("get_unverified_chain")]


_bridge.classes["Connection"] = Remote


def _forwarded(name):
    def get(self):
        return request("get", self, name, worker=self._where())

    def set(self, value):
        request("set", self, name, value, worker=self._where())

    return property(get, set)


class _Secured:
    """What SSLSocket and SSLObject have in common."""

    _context = None

    def _made_of(self, context):
        """While there is a connection, the worker that it lives in is its context's."""
        self._context = context

    context = _forwarded("context")

    @property
    def session(self):
        found = request("get", self, "session", worker=self._where())
        if found is not None:
            found._context = self.context
        return found

    @session.setter
    def session(self, session):
        request("set", self, "session", session, worker=self._where())

    session_reused = _forwarded("session_reused")
    server_side = _forwarded("server_side")
    server_hostname = _forwarded("server_hostname")

    @property
    def _sslobj(self):
        return None if request("get", self, "_sslobj", worker=self._where()) is None else _Connection(self)

    def shared_ciphers(self):
        found = self._call("shared_ciphers")
        return None if found is None else list(found)

    def read(self, *args):
        length, *buffer = args or (1024,)
        return self._call("read", length, *[fillable(each, "read") for each in buffer])


def _secured_method(name):
    def call(self, *args, **names):
        return self._call(name, *keywords(args, names))

    call.__name__ = name
    return call


for _name in (
    "write getpeercert selected_npn_protocol selected_alpn_protocol cipher compression pending do_handshake unwrap "
    "get_channel_binding version verify_client_post_handshake"
).split():
    setattr(_Secured, _name, _secured_method(_name))


# ADAPTED: a reset looks like an end. The system's error is raised since Python 3.12.3, as the library does.
DATA_CALLS = ("read", "recv", "recv_into", "write", "send", "sendall")


def _is_systems(raised):
    return raised.errno is not None and not isinstance(raised, (SSLError, TimeoutError))


class SSLSocket(_Secured, _plain.socket):
    """A connection over a socket. It lives in one worker, where all calls on it go."""

    def __init__(self, *args, **names):
        request("new", "ssl", "SSLSocket", keywords(args, names))

    def _become(self, worker, *state):
        super()._become(worker, *state)
        self._home = worker

    def _of_class(self, cls):
        if type(self) is cls:
            return self
        made = cls.__new__(cls)
        made._take_over(self)
        made._context = self._context
        return made

    def _where(self):
        return self._home

    def _call(self, name, *args, worker=None):
        try:
            return request("method", self, name, list(args), worker=self._home)
        except OSError as raised:
            if name not in DATA_CALLS or not _is_systems(raised) or self._sslobj is None:
                raise
        return self._ended(name)

    def _ended(self, name):
        """See DATA_CALLS."""
        if name in ("recv", "recv_into", "read") and self.suppress_ragged_eofs:
            return 0 if name == "recv_into" else b""
        raise SSLEOFError(SSL_ERROR_EOF, "EOF occurred in violation of protocol")  # noqa: F821

    do_handshake_on_connect = _forwarded("do_handshake_on_connect")
    suppress_ragged_eofs = _forwarded("suppress_ragged_eofs")

    def accept(self):
        made, address = super().accept()
        made._made_of(self._context)
        return made._of_class(self._context.sslsocket_class), address

    def dup(self):
        return self._call("dup")


class SSLObject(_Secured, Remote):
    """A connection between memory BIOs."""

    def __init__(self, *args, **names):
        request("new", "ssl", "SSLObject", keywords(args, names))

    def _where(self):
        return self._worker

    def _of_class(self, cls):
        if type(self) is cls:
            return self
        made = cls.__new__(cls)
        made._adopt(self._worker, self._id)
        made._context, self._id = self._context, None
        return made


_bridge.classes.update(SSLSocket=SSLSocket, SSLObject=SSLObject)
SSLContext.sslsocket_class, SSLContext.sslobject_class = SSLSocket, SSLObject

# ---- functions ------------------------------------------------------------------------------------------------------

for _name in (
    "DER_cert_to_PEM_cert PEM_cert_to_DER_cert cert_time_to_seconds get_protocol_name get_server_certificate"
).split():
    globals()[_name] = function("ssl", _name)
