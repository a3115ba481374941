"""Python's modules are loaded, and that is all."""
import select  # noqa: F401
import selectors  # noqa: F401
import socket  # noqa: F401
import ssl  # noqa: F401
