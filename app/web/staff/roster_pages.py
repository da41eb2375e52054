"""What the pages of a roster show: the form, the preview, the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.directory.findings import Finding
from app.directory.headings import Field as Heading
from app.directory.roster.planning import ImportReport, RowSummary
from app.directory.roster.reading import RosterFile
from app.directory.roster.review import Verdict
from app.directory.tables import ImportState
from app.directory.uploads import UploadRow
from app.units.tables import OrganisationUnit
from app.web.render import Page
from app.web.staff.shell import Crumb, Issue, Shell, shell
from app.web.wiring import Caller

ROWS_SHOWN = 200  # of a preview; the counts are of the whole file
VERDICTS = {
    Verdict.NEW: "Nueva",
    Verdict.CHANGED: "Cambia",
    Verdict.UNCHANGED: "Igual",
    Verdict.CONFLICT: "Por decidir",
    Verdict.REJECTED: "No se carga",
}
KINDS = {"roster": "Lista de estudiantes", "confirmation": "Confirmación del egreso"}


@dataclass(frozen=True, slots=True)
class NewRosterPage(Page):
    """Choose a file."""

    template: ClassVar[str] = "staff/roster_new.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    unit: str
    unit_name: str
    generation: str
    kind: str
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class ColumnView:
    """One column of the file and what it was taken for."""

    index: int
    title: str
    field: str


@dataclass(frozen=True, slots=True)
class PreviewPage(Page):
    """What the file would do, row by row."""

    template: ClassVar[str] = "staff/roster_preview.html"
    title: str
    shell: Shell
    trail: tuple[Crumb, ...]
    action: str
    file_name: str
    read_as: str
    numbers: tuple[tuple[str, int], ...]
    rows: tuple[RowSummary, ...]
    verdicts: dict[Verdict, str]
    refused: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    columns: tuple[ColumnView, ...]
    fields: tuple[str, ...]
    decided: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a file would do, as the directory tells it."""

    numbers: Mapping[str, int]
    rows: tuple[RowSummary, ...] = ()
    refused: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


_WORDS = {
    "rows": "Personas en el archivo",
    "created": "Nuevas",
    "updated": "Con cambios",
    "unchanged": "Iguales",
    "rejected": "No se cargan",
    "confirmed": "Egreso confirmado",
    "denied": "No egresaron",
    "unmatched": "No encontradas",
    "undecided": "Sin respuesta en el archivo",
}


def numbers_of(report: ImportReport) -> dict[str, int]:
    """Counts of an import, by the names that are kept and audited."""
    return {
        "rows": report.rows,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": len(report.rejected),
    }


def said(numbers: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The same counts in words."""
    return tuple((_WORDS.get(name, name), number) for name, number in numbers.items())


def new_page(
    caller: Caller,
    unit: OrganisationUnit | None,
    typed: Mapping[str, str],
    issues: tuple[Issue, ...],
) -> NewRosterPage:
    """The form, with what was typed."""
    return NewRosterPage(
        title="Cargar una lista",
        shell=shell(caller, at="/panel/personas"),
        trail=(Crumb("Personas", "/panel/personas"), Crumb("Cargar una lista")),
        unit=unit.code if unit else typed.get("unit", ""),
        unit_name=unit.name if unit else "",
        generation=typed.get("generation", ""),
        kind=typed.get("kind", "roster"),
        issues=issues,
    )


def preview_of(caller: Caller, batch: UploadRow, listed: RosterFile, told: Told) -> PreviewPage:
    """The preview of a file that waits for a decision."""
    parts = (listed.kind.upper(), listed.encoding or "", listed.sheet or "")
    return PreviewPage(
        title=KINDS[batch.kind],
        shell=shell(caller, at="/panel/personas"),
        trail=(Crumb("Personas", "/panel/personas"), Crumb("Revisar el archivo")),
        action=f"/panel/listas/{batch.id}",
        file_name=batch.file_name,
        read_as=", ".join(filter(None, parts)) + f"; encabezados en la fila {listed.heading_row}",
        numbers=said(told.numbers),
        rows=told.rows[:ROWS_SHOWN],
        verdicts=VERDICTS,
        refused=told.refused[:ROWS_SHOWN],
        warnings=told.warnings[:ROWS_SHOWN],
        columns=tuple(
            ColumnView(
                at, title, listed.columns.fields[at].value if at in listed.columns.fields else ""
            )
            for at, title in enumerate(listed.columns.titles)
        ),
        fields=tuple(one.value for one in Heading),
        decided="",
    )


def decided(caller: Caller, batch: UploadRow) -> PreviewPage:
    """What became of a file."""
    applied = batch.state is ImportState.APPLIED
    return PreviewPage(
        title=KINDS[batch.kind],
        shell=shell(caller, at="/panel/personas"),
        trail=(Crumb("Personas", "/panel/personas"), Crumb(batch.file_name)),
        action=f"/panel/listas/{batch.id}",
        file_name=batch.file_name,
        read_as="",
        numbers=said(batch.counts or {}),
        rows=(),
        verdicts=VERDICTS,
        refused=(),
        warnings=(),
        columns=(),
        fields=(),
        decided="Se guardó en el directorio." if applied else "Se descartó: no se guardó nada.",
    )
