"""A file sent over TCP again and again, with blocking calls, one connection at a time: file.py FILE

Is told in eight bytes how many to send. Prints its port, then serves until it is killed.
"""
import os
import socket
import sys


def main():
    file = open(sys.argv[1], "rb")
    size = os.fstat(file.fileno()).st_size
    listener = socket.create_server(("127.0.0.1", 0))
    print("PORT", listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        left = int.from_bytes(sock.recv(8, socket.MSG_WAITALL), "little")
        while left > 0:
            left -= sock.sendfile(file, 0, min(left, size))
        sock.close()


main()
