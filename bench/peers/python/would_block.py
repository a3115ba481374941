"""A recv that has nothing. Prints "READY"; for each line "CASE COUNT" of input makes COUNT calls, prints what they took."""
import json
import socket
import sys
import time


def run(sock, count):
    cpu, wall = time.process_time_ns(), time.monotonic_ns()
    for _ in range(count):
        try:
            sock.recv(64)
        except BlockingIOError:
            pass
    return {"count": count, "cpu_ns": time.process_time_ns() - cpu, "wall_ns": time.monotonic_ns() - wall}


def main():
    sock, other = socket.socketpair()
    sock.setblocking(False)
    print("READY", flush=True)
    for line in sys.stdin:
        print(json.dumps(run(sock, int(line.split()[1]))), flush=True)
    other.close()


main()
