"""Prints what test_errno.ts and test_constants.ts compare: the integer constants, enums and errorcode of this Python."""

import enum
import errno
import json
import select
import socket


def integers(module):
    return {name: int(value) for name, value in vars(module).items() if isinstance(value, int) and name.isupper()}


def members(cls):
    """In the order of definition: [name, value, the name that the value gives back]."""
    return [[name, int(member), member.name] for name, member in cls.__members__.items()]


enums = [value for value in vars(socket).values() if isinstance(value, type) and issubclass(value, enum.IntEnum | enum.IntFlag)]
result = {
    "errno": integers(errno),
    "errorcode": errno.errorcode,
    "socket": {**integers(socket), "AF_DECnet": getattr(socket, "AF_DECnet", None)},
    "select": integers(select),
    "enums": {cls.__name__: {"repr": repr(cls), "members": members(cls)} for cls in enums if cls.__module__ == "socket"},
}
print(json.dumps(result))
