"""Sends every datagram back, with blocking calls. Prints its port, then serves until it is killed."""
import socket


def main():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    print("PORT", sock.getsockname()[1], flush=True)
    room = bytearray(2048)
    view = memoryview(room)
    while True:
        n, address = sock.recvfrom_into(room)
        sock.sendto(view[:n], address)


main()
