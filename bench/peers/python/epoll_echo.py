"""An echo server on select.epoll in CPython. Prints its port, or the path that it was given, then serves until it is killed."""
import select
import socket
import sys


def main():
    path = sys.argv[-1] if sys.argv[-1].startswith("/") and len(sys.argv) > 1 else None
    if path is None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    else:
        listener = socket.create_server(path, family=socket.AF_UNIX, backlog=4096)
    listener.setblocking(False)
    poller = select.epoll()
    poller.register(listener.fileno(), select.EPOLLIN)
    print(*(("PORT", listener.getsockname()[1]) if path is None else ("PATH", path)), flush=True)
    connections = {}
    into = "--into" in sys.argv
    room = bytearray(65536)
    view = memoryview(room)
    while True:
        for fd, _ in poller.poll():
            if fd == listener.fileno():
                sock, _ = listener.accept()
                sock.setblocking(False)
                connections[sock.fileno()] = sock
                poller.register(sock.fileno(), select.EPOLLIN)
                continue
            sock = connections[fd]
            try:
                if into:
                    n = sock.recv_into(room)
                    data = view[:n]
                else:
                    data = sock.recv(65536)
            except ConnectionError:
                data = b""
            if data:
                sock.send(data)
            else:
                poller.unregister(fd)
                del connections[fd]
                sock.close()


main()
