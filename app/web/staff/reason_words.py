"""The reason of an event as staff read it: plain words, and AAPOR's code apart."""

import re

_CODED = re.compile(r"(?P<words>.*?) ?\(AAPOR (?P<code>[0-9.]*)\)", re.DOTALL)


def plain_reason(reason: str | None) -> tuple[str, str]:
    """Words, and the code; both "" where nothing was said."""
    found = _CODED.fullmatch(reason or "")
    return (found["words"], found["code"]) if found else (reason or "", "")
