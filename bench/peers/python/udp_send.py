"""Sends datagrams to a socket that nobody reads.

Prints "READY". For each line "BYTES COUNT" of input it sends COUNT groups of GROUP, and prints what that took.
"""
import json
import socket
import sys
import time

GROUP = 40


def run(sock, size, count):
    data = bytes(size)
    cpu, wall = time.process_time_ns(), time.monotonic_ns()
    for _ in range(count * GROUP):
        sock.send(data)
    return {"count": count * GROUP, "cpu_ns": time.process_time_ns() - cpu, "wall_ns": time.monotonic_ns() - wall}


def main():
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(receiver.getsockname())
    print("READY", flush=True)
    for line in sys.stdin:
        print(json.dumps(run(sock, *map(int, line.split()))), flush=True)


main()
