"""One row seen through the columns of its file, gathering what is said about it."""

from collections.abc import Sequence

from app.directory.cells import is_blank
from app.directory.findings import Finding
from app.directory.headings import ColumnMap, Field
from app.directory.people import clean


class RowCells:
    """Cells by field. `warnings` grows while the row is read."""

    __slots__ = ("_columns", "_held", "row", "typed_cells", "warnings")

    def __init__(self, row: int, typed: Sequence[str], columns: ColumnMap) -> None:
        self.row = row
        self.typed_cells = typed
        self.warnings: list[Finding] = []
        self._columns = columns
        self._held: dict[Field, list[tuple[int, str]]] = {}
        for at, field in columns.fields.items():
            if at < len(typed) and typed[at]:
                self._held.setdefault(field, []).append((at, typed[at]))

    def typed(self, field: Field) -> str:
        """As typed, spaces at the ends apart; empty where there is nothing."""
        held = self._held.get(field)
        return held[0][1] if held else ""

    def text(self, field: Field) -> str:
        """Clean; empty where people typed a word for nothing ("N/A")."""
        held = self._held.get(field)
        if not held:
            return ""
        text = clean(held[0][1])
        return "" if is_blank(text) else text

    def values(self, field: Field) -> list[tuple[str, str]]:
        """(heading, value as typed) of every column that holds `field`, blanks left out."""
        return [
            (self._columns.titles[at], text)
            for at, text in self._held.get(field, ())
            if not is_blank(text)
        ]

    def finding(self, field: Field | None, code: str, message: str) -> Finding:
        """Something about this row, in the column of `field`."""
        return Finding(self.row, self._columns.title(field) if field else "", code, message)

    def warn(self, field: Field, code: str, message: str) -> None:
        self.warnings.append(self.finding(field, code, message))

    def warn_at(self, heading: str, code: str, message: str) -> None:
        """The same, where several columns hold one field."""
        self.warnings.append(Finding(self.row, heading, code, message))
