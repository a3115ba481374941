"""A TLS echo server on select.epoll in CPython: `tls_echo.py CERTIFICATE` prints its port, then serves."""
import select
import socket
import ssl
import sys


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    print("PORT", listener.getsockname()[1], flush=True)
    poller = select.epoll()
    poller.register(listener.fileno(), select.EPOLLIN)
    connections = {}
    shaking = set()
    room = bytearray(65536)
    view = memoryview(room)

    def serve(fd, sock):
        if fd in shaking:
            sock.do_handshake()
            shaking.remove(fd)
            return
        while True:
            n = sock.recv_into(room)
            if n == 0:
                raise EOFError
            sock.send(view[:n])
            if not sock.pending():
                return

    while True:
        for fd, _ in poller.poll():
            if fd == listener.fileno():
                plain, _ = listener.accept()
                plain.setblocking(False)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
                connections[sock.fileno()] = sock
                shaking.add(sock.fileno())
                poller.register(sock.fileno(), select.EPOLLIN)
                continue
            sock = connections[fd]
            try:
                serve(fd, sock)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except (OSError, EOFError):
                poller.unregister(fd)
                shaking.discard(fd)
                del connections[fd]
                sock.close()


main()
