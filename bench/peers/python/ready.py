"""Asks which of many descriptors is ready: ready.py select|poll|epoll

Prints "READY". For each line "IDLE COUNT" of input it asks COUNT times about IDLE sockets on which nothing happens and
one that can be read, and prints what that took; or "CANNOT reason".
"""
import json
import select
import socket
import sys
import time

MOST_IDLE = 10000


def asker(kind, socks):
    """The call that asks once."""
    if kind == "select":
        return lambda: select.select(socks, [], [], 0)[0]
    poller = select.poll() if kind == "poll" else select.epoll()
    for sock in socks:
        poller.register(sock, 1)  # POLLIN, EPOLLIN
    return lambda: poller.poll(0)


def run(ask, count):
    cpu, wall = time.process_time_ns(), time.monotonic_ns()
    for _ in range(count):
        if len(ask()) != 1:
            raise RuntimeError("exactly one is ready")
    return {"count": count, "cpu_ns": time.process_time_ns() - cpu, "wall_ns": time.monotonic_ns() - wall}


def main():
    readable, writer = socket.socketpair()
    writer.send(b"\0")
    idle = [sock for _ in range(MOST_IDLE // 2) for sock in socket.socketpair()]
    print("READY", flush=True)
    for line in sys.stdin:
        idle_count, count = map(int, line.split())
        try:
            result = json.dumps(run(asker(sys.argv[1], [*idle[:idle_count], readable]), count))
        except ValueError as error:
            result = f"CANNOT {error}"
        print(result, flush=True)


main()
