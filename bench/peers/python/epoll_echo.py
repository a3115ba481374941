"""An echo server on select.epoll in CPython. Prints its port, then serves until it is killed."""
import select
import socket
import sys


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    poller = select.epoll()
    poller.register(listener.fileno(), select.EPOLLIN)
    print("PORT", listener.getsockname()[1], flush=True)
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
