"""How many messages may be on their way to one receiver at a time (trust.md F-30, 4.3).

A receiver starts with one, gains one with each message it takes, and falls back to one when it
asks us to slow down.
"""


class Pace:
    """The concurrency of each domain during a delivery; between two the database keeps it."""

    def __init__(self, most: int) -> None:
        """`most`: messages on their way to one domain at once."""
        self._most = most
        self._allowed: dict[str, int] = {}

    def allowed(self, domain: str) -> int:
        """Messages that may be on their way to `domain` now."""
        return self._allowed.get(domain, 1)

    def start(self, domain: str, at_once: int) -> None:
        """What the database knows of `domain`; nothing if 0."""
        if at_once:
            self._allowed[domain] = min(self._most, at_once)

    def took(self, domain: str) -> None:
        """The receiver accepted a message."""
        self._allowed[domain] = min(self._most, self.allowed(domain) + 1)

    def slow_down(self, domain: str) -> None:
        """The receiver asked for less."""
        self._allowed[domain] = 1
