"""An echo server on asyncio, a task for each connection. Prints its port, then serves until it is killed."""
import asyncio
import socket

tasks = set()


async def serve(loop, sock):
    room = bytearray(4096)
    view = memoryview(room)
    while n := await loop.sock_recv_into(sock, room):
        await loop.sock_sendall(sock, view[:n])
    sock.close()


async def main():
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    print("PORT", listener.getsockname()[1], flush=True)
    while True:
        sock, _ = await loop.sock_accept(listener)
        task = loop.create_task(serve(loop, sock))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main())
