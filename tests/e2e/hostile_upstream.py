#!/usr/bin/env python3
"""A hostile upstream server: hostile_upstream.py PORT [ADDRESS...] answers on UDP and TCP as evils.py has it.

It says "ready" when it listens, and then one line for each question: the address asked, the transport, the name in
lower case. A chance evil of evils.py is played where the first label is "any".
"""
import asyncio
import random
import socket
import struct
import sys

import evils


def steps_for(msg, stream):
    q = evils.Asked(msg, stream)
    name = evils.first_label(q.name)
    if q.name.lower().startswith("any"):
        name = random.choice(sorted(evils.EVILS))
    return q, evils.EVILS[name](q) if name else [q.good()]


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server, address):
        self.server = server
        self.address = address

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, msg, peer):
        self.server.play(self.answer(msg, peer))

    async def answer(self, msg, peer):
        q, steps = steps_for(msg, False)
        print(self.address, "udp", q.name.lower(), flush=True)
        for step in steps:
            if isinstance(step, evils.Wait):
                await asyncio.sleep(step.ms / 1000)
            elif isinstance(step, evils.From):
                self.send_from(step, peer)
            elif isinstance(step, (bytes, evils.Raw)):
                self.transport.sendto(step if isinstance(step, bytes) else step.data, peer)

    def send_from(self, step, peer):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((step.address, self.server.port) if step.address else (self.address, 0))
            sock.sendto(step.data, peer)


class Server:
    def __init__(self, port):
        self.port = port
        self.tasks = set()

    def play(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def listen(self, address):
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: Datagrams(self, address), local_addr=(address, self.port))
        await asyncio.start_server(lambda r, w: self.serve_stream(address, r, w), address, self.port)

    async def serve_stream(self, address, reader, writer):
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                self.play(self.answer(address, await reader.readexactly(length), writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, address, msg, writer):
        q, steps = steps_for(msg, True)
        print(address, "tcp", q.name.lower(), flush=True)
        for step in steps:
            if writer.is_closing():
                return
            if isinstance(step, evils.Wait):
                await asyncio.sleep(step.ms / 1000)
            elif isinstance(step, evils.Close):
                writer.close()
            elif isinstance(step, evils.Reset):
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            else:
                writer.write(step.data if isinstance(step, evils.Raw) else struct.pack("!H", len(step)) + step)


async def main():
    server = Server(int(sys.argv[1]))
    for address in sys.argv[2:] or ["127.0.0.1"]:
        await server.listen(address)
    print("ready", flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
