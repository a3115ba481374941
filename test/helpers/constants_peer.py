"""Prints what constants/test_errno.ts and constants/test_constants.ts compare: the integer constants, enums and errorcode of this Python."""

import _ssl
import enum
import errno
import json
import platform
import select
import selectors
import socket
import ssl


def integers(module):
    return {name: int(value) for name, value in vars(module).items() if isinstance(value, int) and name.isupper()}


def all_integers(*modules):
    """With truth values, and whatever the spelling of the name."""
    return {
        name: int(value)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, int) and not name.startswith("_")
    }


def members(cls):
    """In the order of definition: [name, value, the name that the value gives back]."""
    return [[name, int(member), member.name] for name, member in cls.__members__.items()]


enums = [value for value in vars(socket).values() if isinstance(value, type) and issubclass(value, (enum.IntEnum, enum.IntFlag))]
result = {
    "version": platform.python_version(),
    "openssl": ssl.OPENSSL_VERSION_INFO[0],
    # What ssl itself does not hand on, it has from _ssl.
    "all": {
        "errno": all_integers(errno),
        "socket": all_integers(socket),
        "select": all_integers(select),
        "selectors": all_integers(selectors),
        "ssl": all_integers(_ssl, ssl),
    },
    "errno": integers(errno),
    "errorcode": errno.errorcode,
    "socket": {**integers(socket), "AF_DECnet": getattr(socket, "AF_DECnet", None)},
    "select": integers(select),
    "enums": {cls.__name__: {"repr": repr(cls), "members": members(cls)} for cls in enums if cls.__module__ == "socket"},
}
print(json.dumps(result))
