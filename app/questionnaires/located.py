"""YAML text → plain data in which every value remembers its place.

Only what JSON could hold, plus comments: no tags, no anchors, no repeated keys, so that what a
reviewer reads is what the program reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml
from yaml import CSafeLoader, MappingNode, Node, ScalarNode, SequenceNode

from app.questionnaires.problems import Path

LONGEST = 1_000_000  # characters of a file
DEEPEST = 20  # levels; the format needs 8

Plain: TypeAlias = "bool | int | str | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column of a value in the file, from 1.

    `exact`: a character of the value stands as many columns further right; not so for text that
    was folded over lines.
    """

    line: int
    column: int
    exact: bool = True


class FileError(ValueError):
    """A text that is not a plain document."""

    def __init__(self, place: Place, code: str, message: str) -> None:
        super().__init__(f"{code} at {place}")
        self.place = place
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Document:
    """The data, and the place of every path in it."""

    data: Plain
    places: Mapping[Path, Place]

    def place(self, path: Path) -> Place:
        """Where `path` stands, or the nearest thing above it that exists."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))


def load(text: str) -> Document:
    """Read `text`.

    Raises:
        FileError: not YAML, or YAML with tags, anchors, repeated keys or too many levels.
    """
    if len(text) > LONGEST:
        raise FileError(Place(1, 1), "file.too_long", "El archivo es demasiado grande.")
    try:
        _refuse_odd_events(text)
        node = yaml.compose(text, Loader=CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)
        raise FileError(place, "file.yaml", _EXPLAINED) from error
    except yaml.YAMLError as error:  # characters that YAML does not admit
        raise FileError(Place(1, 1), "file.characters", _CHARACTERS) from error
    if node is None:
        raise FileError(Place(1, 1), "file.empty", "El archivo está vacío.")
    places: dict[Path, Place] = {}
    return Document(_plain(node, (), places), places)


_EXPLAINED = (
    "Aquí el archivo deja de ser YAML. Revise la sangría, los dos puntos y las comillas de esta "
    "línea y de la anterior."
)
_CHARACTERS = "El archivo tiene caracteres que no son texto. Guárdelo como UTF-8 y bórrelos."


def _refuse_odd_events(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        mark = event.start_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        if depth > DEEPEST:
            raise FileError(place, "file.depth", "Hay demasiados niveles uno dentro de otro.")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise FileError(
                place, "file.anchor", "No use anclas (&, *): escriba el texto completo otra vez."
            )
        tag = getattr(event, "tag", None)
        if isinstance(tag, str):
            raise FileError(place, "file.tag", "No use etiquetas de YAML (!…): quítela.")


def _plain(node: Node, path: Path, places: dict[Path, Place]) -> Plain:
    mark = node.start_mark
    quoted = isinstance(node, ScalarNode) and node.style in {"'", '"'}
    one_line = node.end_mark.line == mark.line
    places[path] = Place(mark.line + 1, mark.column + 1 + quoted, exact=one_line)
    if isinstance(node, MappingNode):
        return _mapping(node, path, places)
    if isinstance(node, SequenceNode):
        return [_plain(child, (*path, index), places) for index, child in enumerate(node.value)]
    return _scalar(node, places[path])


def _mapping(node: MappingNode, path: Path, places: dict[Path, Place]) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        place = Place(mark.line + 1, mark.column + 1)
        if not isinstance(key_node, ScalarNode):
            raise FileError(place, "file.key", "El nombre de una clave debe ser una palabra.")
        key = str(key_node.value)
        if key in found:
            raise FileError(
                place, "file.repeated_key", f"La clave «{key}» está dos veces. Borre una."
            )
        found[key] = _plain(value_node, (*path, key), places)
    return found


def _scalar(node: Node, place: Place) -> Plain:
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return text.lower() in {"true", "yes", "on"}
        case "int":
            # 0x10, 1_000 and 1:30 are numbers for YAML and surprises for people.
            if not text.isascii() or not text.removeprefix("-").isdecimal():
                raise FileError(place, "file.number", f"Escriba el número {text} con cifras.")
            return int(text)
        case "float":
            raise FileError(place, "file.number", f"Escriba {text} como entero o entre comillas.")
        case "timestamp":
            raise FileError(place, "file.date", f"Escriba la fecha {text} entre comillas.")
        case _:
            return text
