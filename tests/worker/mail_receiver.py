"""A mail server in a process of its own, which keeps every message as a file.

`python -m tests.worker.mail_receiver FOLDER` prints its port and serves until it is killed.
"""

import sys
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.services import free_port


class Keep:
    """Writes each message whole, under the envelope that brought it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        self.taken += 1
        content = envelope.original_content or b""
        head = f"{envelope.mail_from}\n{envelope.rcpt_tos[0]}\n".encode()
        path = self.folder / f"{self.taken:06}.part"
        path.write_bytes(head + content)
        path.rename(path.with_suffix(".eml"))
        return "250 2.0.0 kept"


if __name__ == "__main__":
    # The controller looks at the port it was given: it must be a number, not 0.
    port = free_port()
    Controller(Keep(Path(sys.argv[1])), hostname="127.0.0.1", port=port).start()
    print(port, flush=True)
    while True:
        time.sleep(3600)
