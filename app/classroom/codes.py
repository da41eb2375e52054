"""The code of a class: eight characters that the back row reads and nobody takes for another.

Upper-case letters and digits without look-alikes: no vowels (no words, no O or I), of S and 5, B
and 8, Z and 2, G and 6 only the digit, no L, no 0 and 1. 24^8 codes: 36.7 bits.
"""

ALPHABET = "23456789CDFHJKMNPQRTVWXY"
LENGTH = 8
POSSIBLE = len(ALPHABET) ** LENGTH
_MEANT = str.maketrans("SBZG", "5826")  # typed by who reads the digit as a letter
_LONGEST_TYPED = 40


def spell(number: int) -> str:
    """The code of a number from 0 to POSSIBLE - 1.

    Raises:
        ValueError: there is no such code.
    """
    if not 0 <= number < POSSIBLE:
        raise ValueError(f"no code for {number}")
    letters = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def read_code(typed: str) -> str | None:
    """The code somebody typed, in small letters or in two halves; None where it is none."""
    if len(typed) > _LONGEST_TYPED:
        return None
    plain = "".join(mark for mark in typed.upper() if mark.isalnum()).translate(_MEANT)
    whole = len(plain) == LENGTH and all(mark in ALPHABET for mark in plain)
    return plain if whole else None


def in_halves(code: str) -> tuple[str, str]:
    """As it is shown: "K7RM", "4XQD"."""
    return code[: LENGTH // 2], code[LENGTH // 2 :]
