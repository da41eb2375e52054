"""A receiver that costs as little as possible: takes every message and counts.

`python -m tests.bench.mail_sink` prints its port and serves until it is killed.
"""

import asyncio

_REPLIES = {b"EHLO": b"250 sink\r\n", b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}


class Sink(asyncio.Protocol):
    """One connection, byte by byte as RFC 5321 allows a patient client to send."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""
        self.in_text = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = b"\r\n.\r\n" if self.in_text else b"\r\n"
            taken, found, rest = self.buffer.partition(end)
            if not found:
                return
            self.buffer = rest
            verb = taken[:4].upper()
            self.transport.write(
                b"250 ok\r\n" if self.in_text else _REPLIES.get(verb, b"250 ok\r\n")
            )
            self.in_text = not self.in_text and verb == b"DATA"


async def _main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
