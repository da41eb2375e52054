"""What is wrong in a questionnaire file, and where: for people who edit it, in Spanish."""

from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]  # keys and positions from the top of the file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of a file; `message` says what was found and what to write instead.

    `line` and `column` count from 1, in the file; `item` is the variable it belongs to, or the
    part of the file ("lists", "preloaded", …); `code` is stable, for programs.
    """

    file: str
    line: int
    item: str
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        where = f" ({self.item})" if self.item else ""
        return f"{self.file}:{self.line}:{self.column}{where}: {self.message} [{self.code}]"


Problems: TypeAlias = tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault that a check saw, before it is given its place in the file.

    `offset` counts characters into the value, from 0: where in a condition the fault is.
    """

    path: Path
    code: str
    message: str
    offset: int = 0
