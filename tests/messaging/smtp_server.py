"""A scripted SMTP server: obeys the RFC unless a script says what to do instead.

In a thread for fault tests (`ScriptedServer`), in a process of its own for tests that kill the
sender (`python -m tests.messaging.smtp_server`), where it counts what it took on stdout.
"""

import argparse
import asyncio
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tests.messaging.threaded import Threaded

DROP = "drop"  # close the connection
HANG = "hang"  # say nothing any more
HOLD = "hold"  # report on stdout, wait for a line on stdin, go on


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    recipient: str
    content: bytes


# What to do at a stage (`greeting`, `ehlo`, `auth`, `mail`, `rcpt`, `data`, `dot`, `quit`) about
# somebody: a reply, one of the three words above, or None for what a good server does.
Script = Callable[[str, str], str | None]

_GOOD = {
    "greeting": "220 sink ESMTP",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 go ahead",
    "dot": "250 2.0.0 taken",
    "quit": "221 bye",
    "rset": "250 2.0.0 reset",
}


class _Closed(Exception):
    pass


class SmtpServer:
    """The dialogue. `received` holds whatever was complete, whatever was answered."""

    def __init__(
        self, script: Script, *, extensions: tuple[str, ...] = (), tls: ssl.SSLContext | None = None
    ) -> None:
        self.script, self.extensions, self.tls = script, extensions, tls
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.on_received: Callable[[Received], None] = lambda _: None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._answer(writer, "greeting", "")
            await self._converse(reader, writer)
        except (_Closed, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        envelope = {"mail": "", "rcpt": ""}
        while line := await reader.readline():
            text = line.decode("latin-1").rstrip("\r\n")
            self.commands.append(text)
            verb = text.split(" ")[0].lower()
            if verb in envelope:
                envelope[verb] = text.partition("<")[2].rstrip(">")
            if verb == "ehlo":
                await self._answer(writer, "ehlo", "", self._extensions())
            elif verb == "starttls" and self.tls is not None:
                writer.write(b"220 go\r\n")
                await writer.start_tls(self.tls)
            elif verb == "data":
                await self._take(reader, writer, envelope["mail"], envelope["rcpt"])
            else:
                await self._answer(writer, verb, envelope["rcpt"])
            if verb == "quit":
                return

    def _extensions(self) -> str:
        *before, last = ["sink", *self.extensions]
        return "".join(f"250-{line}\r\n" for line in before) + f"250 {last}"

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, who: str
    ) -> None:
        if not (await self._answer(writer, "data", who)).startswith("354"):
            return
        taken = Received(sender, who, await self._content(reader))
        self.received.append(taken)
        self.on_received(taken)
        await self._answer(writer, "dot", who)

    async def _content(self, reader: asyncio.StreamReader) -> bytes:
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise _Closed
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    async def _answer(
        self, writer: asyncio.StreamWriter, stage: str, argument: str, good: str | None = None
    ) -> str:
        reply = self.script(stage, argument)
        if reply == DROP:
            raise _Closed
        if reply == HANG:
            await asyncio.sleep(3600)
        if reply == HOLD:
            print("HELD", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            reply = None
        text = reply or good or _GOOD.get(stage, "502 5.5.1 what")
        writer.write(text.encode() + b"\r\n")
        await writer.drain()
        if text.startswith("421"):
            raise _Closed
        return text


class ScriptedServer(SmtpServer, Threaded):
    """The server in a thread, for the life of a `with` block."""

    def __init__(
        self,
        script: Script = lambda stage, argument: None,  # noqa: ARG005
        *,
        extensions: tuple[str, ...] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        SmtpServer.__init__(self, script, extensions=extensions, tls=tls)
        Threaded.__init__(self)


async def _main(hold: str, slow: float) -> None:
    waiting = {hold}

    def script(stage: str, _: str) -> str | None:
        if stage in waiting:
            waiting.clear()
            return HOLD
        return None

    class Sink(SmtpServer):
        async def _answer(
            self, writer: asyncio.StreamWriter, stage: str, argument: str, good: str | None = None
        ) -> str:
            await asyncio.sleep(slow)
            return await super()._answer(writer, stage, argument, good)

    sink = Sink(script)
    sink.on_received = lambda taken: print("TOOK", _message_id(taken.content), flush=True)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, backlog=500)
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _message_id(content: bytes) -> str:
    return content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hold", default="never")
    parser.add_argument("--slow", type=float, default=0.0)
    chosen = parser.parse_args()
    asyncio.run(_main(chosen.hold, chosen.slow))
