"""An IMAP server over TLS with one mailbox: enough of RFC 9051 to be read, in a thread."""

import asyncio
import re
import ssl
from collections.abc import Sequence
from pathlib import Path

from tests.messaging.gateway_server import server_context
from tests.messaging.threaded import Threaded


class ImapServer(Threaded):
    """`messages` have the UIDs 1, 2, …; the connection breaks after `breaks_after` fetches."""

    def __init__(self, folder: Path, messages: Sequence[bytes]) -> None:
        self.messages = list(messages)
        self.validity = 7
        self.breaks_after: int | None = None
        self.fetched: list[int] = []
        self.sizes: list[int] = []
        self.authority = folder / "authority.pem"
        super().__init__(server_context(folder, self.authority))

    @property
    def url(self) -> str:
        return f"imaps://rebotes:cl%40ve@127.0.0.1:{self.port}/Rebotes"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"* OK IMAP4rev1 ready\r\n")
            while line := await reader.readline():
                tag, _, command = line.decode().strip().partition(" ")
                answer = self._answer(tag, command)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if command.upper() == "LOGOUT":
                    break
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    def _answer(self, tag: str, command: str) -> bytes | None:
        ok = f"{tag} OK done\r\n".encode()
        verb = command.upper()
        if verb.startswith("LOGIN"):
            said = "OK yes" if command == 'LOGIN rebotes "cl@ve"' else "NO no"
            return f"{tag} {said}\r\n".encode()
        if verb.startswith("EXAMINE"):
            said = f"* {len(self.messages)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n"
            return said.encode() + ok
        if found := re.match(r"UID SEARCH UID (\d+):\*", verb):
            return self._search(int(found[1])) + ok
        if found := re.match(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", verb):
            text = self._fetch(int(found[1]), int(found[2]))
            return None if text is None else text + ok
        return b"* CAPABILITY IMAP4rev1\r\n" + ok  # also after LOGOUT: it is in nobody's way

    def _search(self, first: int) -> bytes:
        first = min(first, len(self.messages))  # `*` is at least the last one
        uids = " ".join(map(str, range(max(1, first), len(self.messages) + 1)))
        return f"* SEARCH {uids}\r\n".encode()

    def _fetch(self, uid: int, most: int) -> bytes | None:
        if self.breaks_after is not None and len(self.fetched) >= self.breaks_after:
            return None
        self.fetched.append(uid)
        text = self.messages[uid - 1][:most]
        self.sizes.append(len(text))
        head = f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(text)}}}\r\n".encode()
        return head + text + b")\r\n"
