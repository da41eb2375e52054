"""A tally as the text that an edition freezes, and back: same counts, same bytes, same hash.

Counts only: no row of a person is in it, and no text that somebody wrote.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from app.analytics.figures.families import state_of, told_of
from app.analytics.figures.indicators import Counts
from app.analytics.figures.joint import State
from app.analytics.figures.traits import LATTICE, PAIRS, TraitPair, TraitValue
from app.analytics.frame.tallies import Both, Histogram, Pair, Tally
from app.analytics.nonresponse import Balance, Group

FORMAT = 1
UNKNOWN = ""  # the key of those whose trait is not known


@dataclass(frozen=True, slots=True)
class EditionContent:
    """What an edition says: the counts of `tally.answered` persons of a frame of `frame`.

    `balance`: how evenly the groups of that frame had answered, for the verdict.
    """

    tally: Tally
    frame: int
    balance: Balance = field(default_factory=dict)


def written(content: EditionContent) -> str:
    """The content in one written form: sorted keys, ASCII."""
    return json.dumps(_document(content), ensure_ascii=True, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=128)
def read_back(text: str) -> EditionContent:
    """The content that `written` wrote; the last ones asked for are not read again.

    Raises:
        ValueError: of another format.
    """
    document = _read(text)
    balance = _read_balance(document.get("balance", {}))
    return EditionContent(_tally(document), _int(document["frame"]), balance)


def tally_in(text: str) -> Tally:
    """The counts in it but for those by two traits, which are half of it; not remembered.

    Raises:
        ValueError: of another format.
    """
    return _tally({name: part for name, part in _read(text).items() if name != "pairs"})


def balance_in(text: str) -> Balance:
    """How evenly the groups of the frame had answered, of a content that `written` wrote."""
    return _read_balance(_map(json.loads(text)).get("balance", {}))


def content_hash(text: str) -> str:
    """SHA-256 of the written form, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read(text: str) -> Mapping[str, object]:
    document = _map(json.loads(text))
    if document["format"] != FORMAT:
        raise ValueError(f"an edition of format {document['format']}")
    return document


def _document(content: EditionContent) -> dict[str, object]:
    tally = content.tally
    pairs = {} if tally.pairs is None else {"pairs": _written_pairs(tally.pairs)}
    gone = {"gone": sorted(map(list, tally.gone))} if tally.gone else {}
    return (
        pairs
        | gone
        | {
            "format": FORMAT,
            "frame": content.frame,
            "balance": {
                trait: [[group.value, group.frame, group.answered] for group in groups]
                for trait, groups in content.balance.items()
            },
            "wave": tally.wave,
            "answered": tally.answered,
            "counts": _lines(tally.counts),
            "people": [_people(people) for people in tally.states],
            "numbers": {name: _histogram(found) for name, found in tally.numbers.items()},
            "waits": {name: [_histogram(h) for h in pair] for name, pair in tally.waiting.items()},
            "crossings": {
                name: sorted([a, b, n] for (a, b), n in pairs.items())
                for name, pairs in tally.crossings.items()
            },
            "traits": {
                variable: {_key(value): _lines(lines) for value, lines in groups.items()}
                for variable, groups in tally.traits.items()
            },
        }
    )


def _tally(found: Mapping[str, object]) -> Tally:
    return Tally(
        wave=_int(found["wave"]),
        answered=_int(found["answered"]),
        counts=_read_lines(found["counts"]),
        states=tuple(_read_people(people) for people in _list(found["people"])),
        numbers={k: _read_histogram(v) for k, v in _map(found["numbers"]).items()},
        waiting={k: _read_waits(v) for k, v in _map(found["waits"]).items()},
        crossings={k: _read_pairs(v) for k, v in _map(found["crossings"]).items()},
        traits={
            variable: {
                _value(variable, key): _read_lines(lines) for key, lines in _map(groups).items()
            }
            for variable, groups in _map(found["traits"]).items()
            if variable in LATTICE
        },
        pairs=_read_both(found["pairs"]) if "pairs" in found else None,
        gone=frozenset((str(a), str(b)) for a, b in map(_list, _list(found.get("gone", [])))),
    )


def _written_pairs(
    pairs: Mapping[TraitPair, Mapping[Both, Mapping[str, Counts]]],
) -> dict[str, object]:
    """By the two variables, and by the two values, each joined by a bar."""
    return {
        "|".join(pair): {f"{_key(a)}|{_key(b)}": _lines(lines) for (a, b), lines in groups.items()}
        for pair, groups in pairs.items()
    }


def _read_both(found: object) -> dict[TraitPair, dict[Both, dict[str, Counts]]]:
    kept = _map(found)
    return {
        pair: {
            (_value(pair[0], first), _value(pair[1], second)): _read_lines(lines)
            for key, lines in _map(kept.get("|".join(pair), {})).items()
            for first, second in [key.split("|")]
        }
        for pair in PAIRS
    }


def _lines(lines: Mapping[str, Counts]) -> dict[str, object]:
    return {name: [one.base, dict(one.cells)] for name, one in lines.items()}


def _read_lines(found: object) -> dict[str, Counts]:
    lines = {}
    for name, value in _map(found).items():
        base, cells = _list(value)
        lines[name] = Counts({k: _int(n) for k, n in _map(cells).items()}, _int(base))
    return lines


def _people(people: Mapping[State, int]) -> list[object]:
    """Persons by what they are told as; in the order of the text, not of the rows."""
    kept = ((told_of(state), n) for state, n in people.items() if n)
    return [list(pair) for pair in sorted(kept, key=lambda pair: sorted(pair[0].items()))]


def _read_people(found: object) -> dict[State, int]:
    people: dict[State, int] = {}
    for pair in _list(found):
        told, n = _list(pair)
        people[state_of({k: str(v) for k, v in _map(told).items()})] = _int(n)
    return people


def _histogram(found: Histogram) -> list[list[int]]:
    return [[number, n] for number, n in sorted(found.items()) if n]


def _read_histogram(found: object) -> dict[int, int]:
    pairs = (_list(pair) for pair in _list(found))
    return {_int(number): _int(n) for number, n in pairs}


def _read_waits(found: object) -> tuple[Histogram, Histogram]:
    events, censored = _list(found)
    return _read_histogram(events), _read_histogram(censored)


def _read_pairs(found: object) -> dict[Pair, int]:
    lines = (_list(line) for line in _list(found))
    return {(str(a), str(b)): _int(n) for a, b, n in lines}


def _read_balance(found: object) -> Balance:
    return {
        trait: tuple(
            Group(str(value), _int(frame), _int(answered))
            for value, frame, answered in (_list(line) for line in _list(lines))
        )
        for trait, lines in _map(found).items()
    }


def _key(value: TraitValue | None) -> str:
    return UNKNOWN if value is None else str(value)


def _value(variable: str, key: str) -> TraitValue | None:
    return next((value for value in LATTICE[variable].values if str(value) == key), None)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no count")  # noqa: TRY004 (the text is wrong, not a type)
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")  # noqa: TRY004 (as above)
    return value


def _map(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no object")  # noqa: TRY004 (as above)
    return value
