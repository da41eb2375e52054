"""The receiving server in a process of its own: what it took, and when to make it wait."""

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Sink:
    """The receiving server in a process of its own, and what it says it took."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.messaging.smtp_server", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.port = self.wait_for(r"PORT (\d+)")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def wait_for(self, pattern: str) -> str:
        for _ in range(3000):
            for line in list(self.lines):
                if found := re.fullmatch(pattern, line):
                    return found[min(1, found.re.groups)]
            time.sleep(0.01)
        raise AssertionError(pattern, self.lines)

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def copies(self) -> Counter[str]:
        return Counter(line.split(" ")[1] for line in self.lines if line.startswith("TOOK"))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        self.process.stdout.close()
        self.process.stdin.close()


@contextmanager
def a_sink(*arguments: str) -> Iterator[Sink]:
    sink = Sink(*arguments)
    try:
        yield sink
    finally:
        sink.stop()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
