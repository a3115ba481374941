"""An echo server that blocks, one connection at a time. Prints its port, then serves until it is killed.

--into: recv_into, which allocates nothing; else recv.
"""
import socket
import sys


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print("PORT", listener.getsockname()[1], flush=True)
    into = "--into" in sys.argv
    room = bytearray(65536)
    view = memoryview(room)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if into:
            while n := sock.recv_into(room):
                sock.sendall(view[:n])
        else:
            while data := sock.recv(65536):
                sock.sendall(data)
        sock.close()


main()
