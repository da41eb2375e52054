"""Header fields that cannot be broken out of (RFC 5322, RFC 2047).

Texts of people are cleaned: whatever they contain, the result is one field whose value reads
back equal. Our own parts (URLs, domains) are refused instead, because they are mistakes.
"""

import base64
import re
import string

WIDEST_NAME = 120  # characters kept of a display name
WIDEST_SUBJECT = 60  # characters; trust.md EM-07
_WORD = 64  # characters of an encoded word: with the name of its field under 76; RFC 2047 §2

_PLAIN = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_URL = re.compile(r"(?:https?://|mailto:)[!-;=?-~]+")
# What a Q word may hold inside a phrase, RFC 2047 §5 (3).
_QUOTED = (
    {byte: f"={byte:02X}" for byte in range(256)}
    | {ord(sign): sign for sign in string.ascii_letters + string.digits + "!*+-/"}
    | {ord(" "): "_"}
)
_LIST_ID = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def clean(text: str, *, widest: int) -> str:
    """`text` on one line of at most `widest` characters, ending in `…` if something was cut.

    Control characters and lone surrogates become spaces, runs of spaces one.
    """
    if not text.isprintable():
        text = "".join(" " if _breaks_a_line(sign) else sign for sign in text)
    line = " ".join(text.split())
    return line if len(line) <= widest else line[: widest - 1].rstrip() + "…"


def subject_field(text: str) -> str:
    """`Subject: …` with its CRLF."""
    line = clean(text, widest=WIDEST_SUBJECT)
    if _PLAIN.fullmatch(line) and "=?" not in line:
        return f"Subject: {line}\r\n"
    return f"Subject: {_encoded_words(line)}\r\n"


def mailbox_field(field: str, name: str, address: str) -> str:
    """`From: "Name" <address>` and the like; `address` is already a wire address."""
    return f"{field}: {mailbox(name, address)}\r\n"


def mailbox(name: str, address: str) -> str:
    """A mailbox with a display name, folded if it is long."""
    line = clean(name, widest=WIDEST_NAME)
    if not line:
        return address
    if _ATOMS.fullmatch(line):
        phrase = line
    elif _PLAIN.fullmatch(line) and "=?" not in line:
        phrase = '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = _encoded_words(line)
    return f"{phrase}\r\n <{address}>" if len(phrase) > 40 else f"{phrase} <{address}>"


def unsubscribe_fields(url: str, mailto: str | None) -> str:
    """`List-Unsubscribe` and its one-click companion (RFC 2369, RFC 8058).

    Raises:
        ValueError: not plain URLs.
    """
    choices = [f"<{checked_url(url)}>"]
    if mailto is not None:
        choices.append(f"<{checked_url(mailto)}>")
    listed = ",\r\n ".join(choices)
    return f"List-Unsubscribe: {listed}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def list_id_field(name: str, identifier: str) -> str:
    """`List-Id: Name <identifier>` (RFC 2919).

    Raises:
        ValueError: `identifier` is not a dotted name in lower case.
    """
    if not _LIST_ID.fullmatch(identifier):
        raise ValueError("a list identifier is a dotted name in lower case")
    described = mailbox(name, identifier)
    return f"List-Id: {described if described != identifier else f'<{identifier}>'}\r\n"


def checked_url(url: str) -> str:
    """`url` if it is printable ASCII without brackets or spaces.

    Raises:
        ValueError: it is not.
    """
    if not _URL.fullmatch(url) or len(url) > 900:
        raise ValueError("not a plain URL")
    return url


def _breaks_a_line(sign: str) -> bool:
    """C0, C1, DEL, line separators and lone surrogates; marks of direction are text."""
    return (
        sign < " "
        or "\x7f" <= sign <= "\x9f"
        or sign in "\u2028\u2029"
        or ("\ud800" <= sign <= "\udfff")
    )


def _encoded_words(line: str) -> str:
    """RFC 2047 words of at most 64 characters, one a line, cut at spaces where possible.

    The space stays inside the word, because readers drop what is between two words.
    """
    whole = _encoded_word(line)
    if len(whole) <= _WORD:
        return whole
    words = [""]
    for piece in re.findall(r"[^ ]+ ?", line):
        for part in (piece,) if len(_encoded_word(piece)) <= _WORD else piece:
            if words[-1] and len(_encoded_word(words[-1] + part)) > _WORD:
                words.append("")
            words[-1] += part
    return "\r\n ".join(_encoded_word(word) for word in words)


def _encoded_word(text: str) -> str:
    """The shorter of the two encodings: Q stays nearly readable for Spanish."""
    data = text.encode()
    quoted = "".join(_QUOTED[byte] for byte in data)
    packed = base64.b64encode(data).decode("ascii")
    return f"=?utf-8?q?{quoted}?=" if len(quoted) <= len(packed) else f"=?utf-8?b?{packed}?="
