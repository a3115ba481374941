"""A stream one way, with blocking calls, one connection at a time; until it is killed.

bulk.py receive|send         prints its port; receives to the end and answers with a byte; or is told in eight bytes how
                             many to send, and sends them
bulk.py receive|send PATH    the same on a Unix socket
"""
import socket
import sys


def receive(sock, room):
    while sock.recv_into(room):
        pass
    sock.send(b"\0")


def send(sock, room):
    left = int.from_bytes(sock.recv(8, socket.MSG_WAITALL), "little")
    view = memoryview(room)
    while left > 0:
        sock.sendall(view[:left])
        left -= min(left, len(room))


def main():
    if len(sys.argv) > 2:
        listener = socket.create_server(sys.argv[2], family=socket.AF_UNIX)
        print("PATH", sys.argv[2], flush=True)
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        print("PORT", listener.getsockname()[1], flush=True)
    serve = receive if sys.argv[1] == "receive" else send
    room = bytearray(65536)
    while True:
        sock, _ = listener.accept()
        serve(sock, room)
        sock.close()


main()
