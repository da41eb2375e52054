"""Files as schools send them: encodings × separators × headings × faults."""

import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from app.directory.headings import Field, normal_heading
from app.directory.reference import known_headings
from app.directory.roster import container
from app.directory.roster.container import FileFault, FileRefused
from app.directory.roster.encoding import decode, looks_broken, repaired
from app.directory.roster.reading import RosterFile, open_roster

Cell = str | bool | float | date | datetime | None
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp850")
ROWS = (
    ("MATRÍCULA", "Nombre(s)", "Ap. Paterno", "APELLIDO MATERNO", "Domicilio"),
    ("007", "José Ángel", "Muñoz", "Peña", "Calle 5, interior 2"),
    ("008", "Itzel", "Núñez", "Íñiguez", "Av. Juárez"),
)


def as_text(separator: str, end: str = "\n") -> str:
    return end.join(
        separator.join(f'"{cell}"' if separator in cell else cell for cell in row) for row in ROWS
    )


def values(file: RosterFile) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, row.cells) for row in file.rows()]


def a_book(*rows: tuple[Cell, ...], epoch_1904: bool = False) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if epoch_1904:
        book.epoch = CALENDAR_MAC_1904
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def fault_of(content: bytes) -> FileFault:
    with pytest.raises(FileRefused) as caught:
        values(open_roster(content))
    assert caught.value.mensaje.startswith("No se pudo leer el archivo: ")
    return caught.value.fault


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_gives_the_same_rows(encoding: str, separator: str) -> None:
    file = open_roster(as_text(separator).encode(encoding))

    assert file.separator == separator
    assert values(file) == [(2, ROWS[1]), (3, ROWS[2])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_title_lines_and_empty_columns_do_not_matter(end: str) -> None:
    text = f"CETIS 1{end}Lista de alumnos, 2026{end}{end}" + as_text(",", end) + end

    file = open_roster(text.replace(end, ",,,," + end).encode())

    assert (file.heading_row, file.columns.titles) == (4, ROWS[0])
    assert [(number, cells[:5]) for number, cells in values(file)] == [(5, ROWS[1]), (6, ROWS[2])]


def test_the_line_sep_is_obeyed_and_not_counted() -> None:
    file = open_roster(("sep=;\r\n" + as_text(";")).encode())

    assert (file.separator, file.heading_row) == (";", 1)


def test_a_quoted_cell_with_line_ends_is_one_row_as_in_a_spreadsheet() -> None:
    file = open_roster(b'NOMBRE COMPLETO,OBS\n"Ana Ruiz","a\nb"\nEva Luz,c\n')

    assert [number for number, _ in values(file)] == [2, 3]


def test_one_column_is_a_list_too() -> None:
    file = open_roster("NOMBRE COMPLETO\nMuñoz Peña José\n".encode())

    assert values(file) == [(2, ("Muñoz Peña José",))]


@pytest.mark.parametrize(
    ("heading", "normal"),
    [
        ("  Nombre(s) ", "NOMBRES"), ("C.U.R.P.", "CURP"), ("Año  de egreso", "ANO DE EGRESO"),
        ("No. Control", "NO CONTROL"), ("#", "#"), ("E-mail:", "E MAIL"), ("C.P.", "CP"),
    ],
)  # fmt: skip
def test_headings_have_one_normal_form(heading: str, normal: str) -> None:
    assert normal_heading(heading) == normal


def test_every_heading_of_the_list_is_its_own_normal_form() -> None:
    assert {normal_heading(each) for each in known_headings()} == set(known_headings())
    assert {each.field for each in known_headings().values()} == set(Field)


@pytest.mark.parametrize(
    ("heading", "value", "field"),
    [
        ("EGRESÓ", "SÍ", Field.GRADUATED), ("EGRESÓ", "15/07/2026", Field.LEFT_ON),
        ("EGRESADO", "no", Field.GRADUATED), ("CERTIFICADO", "F-123", Field.GRADUATED),
        ("NACIMIENTO", "01/03/2008", Field.BIRTH), ("NACIMIENTO", "Puebla", None),
        ("CENTRO DE TRABAJO", "09DCT0001A", Field.CCT), ("CENTRO DE TRABAJO", "CETIS", None),
        ("SECCIÓN", "Matutino", Field.SHIFT), ("SECCIÓN", "B", Field.GROUP),
        ("CONTROL", "123", Field.STUDENT_ID), ("CONTROL", "bueno", None),
        ("ESTADO", "Puebla", None), ("ESTADO", "baja", Field.STATUS), ("TITULADO", "SÍ", None),
        ("EDAD", "17", None), ("TUTOR", "Luz", None), ("NOMBRE", "Eva Luz", Field.FULL),
    ],
)  # fmt: skip
def test_doubtful_headings_are_settled_by_their_values(
    heading: str, value: str, field: Field | None
) -> None:
    file = open_roster(f"{heading},APELLIDOS Y NOMBRE\n{value},Ruiz Ana\n".encode())

    held = {at: each for at, each in file.columns.fields.items() if at == 0}
    assert held == ({} if field is None else {0: field})


def test_an_unknown_heading_is_told_and_can_be_mapped_by_hand() -> None:
    content = b"NOMBRE COMPLETO,XYZ,CURP\nRuiz Ana,007,\n"

    unknown = open_roster(content)
    mapped = open_roster(content, by_hand={1: Field.STUDENT_ID, 2: None})

    assert [each.code for each in unknown.notices] == ["roster.unknown_heading"]
    assert mapped.columns.fields == {0: Field.FULL, 1: Field.STUDENT_ID}


def test_a_second_column_of_the_same_thing_is_told() -> None:
    file = open_roster(b"NOMBRE COMPLETO,GRUPO,GPO\nRuiz Ana,A,B\n")

    assert [each.code for each in file.notices] == ["roster.repeated_heading"]


def test_headings_repeated_on_every_page_and_blank_rows_are_no_rows() -> None:
    file = open_roster(b"NOMBRE COMPLETO,GRUPO\nRuiz Ana,A\n\nNOMBRE COMPLETO,GRUPO\nLuz Eva,B\n")

    assert [number for number, _ in values(file)] == [2, 5]


@pytest.mark.parametrize("text", ["MuÃ±oz", "Mu¤oz", "Mu\ufffdoz", "Mu?oz", "JosÃ©"])
def test_damaged_letters_are_noticed(text: str) -> None:
    assert looks_broken(text)


def test_double_encoding_is_read_back_for_the_suggestion() -> None:
    assert repaired("MuÃ±oz") == "Muñoz"
    assert repaired("Mu¤oz") == "Muñoz"
    assert repaired("Munoz") is None
    assert not looks_broken("Muñoz ÁVILA ¿sí?")


def test_upper_case_lists_of_dos_are_told_from_windows() -> None:
    for encoding in ("cp850", "cp1252"):
        text = "PEÑA NÚÑEZ JOSÉ, ÍÑIGUEZ, María, Ángel"
        assert decode(text.encode(encoding))[0] == text


def test_a_book_keeps_what_was_typed() -> None:
    content = a_book(
        ("LISTA DE ALUMNOS",),
        (),
        ("NOMBRE COMPLETO", "MATRICULA", "FECHA NAC", "CELULAR", "PROMEDIO", "CURP", "OBS"),
        ("Ruiz Ana", "00123", date(2008, 3, 1), 5512345678, 8.5, "RUXA", True),
        ("Luz Eva", 1234567.0, datetime.fromisoformat("2008-03-01T10:30"), 5.5e22, 9, "=1+1", None),
    )

    file = open_roster(content)

    assert (file.kind, file.heading_row) == ("xlsx", 3)
    assert values(file) == [
        (4, ("Ruiz Ana", "00123", "2008-03-01", "5512345678", "8.5", "RUXA", "VERDADERO")),
        (5, ("Luz Eva", "1234567", "2008-03-01 10:30:00", "5.5e+22", "9", "", "")),
    ]
    assert [each.code for each in file.notices] == ["roster.formulas"]


def test_dates_of_1904_books_are_the_same_days() -> None:
    content = a_book(
        ("NOMBRE COMPLETO", "FECHA NAC"), ("Ruiz Ana", date(2008, 3, 1)), epoch_1904=True
    )

    assert values(open_roster(content)) == [(2, ("Ruiz Ana", "2008-03-01"))]


def test_the_first_visible_sheet_with_headings_is_read() -> None:
    book = Workbook()
    first = book.active
    assert first is not None
    first.append(["Instrucciones"])
    old = book.create_sheet("2025")
    old.append(["NOMBRE COMPLETO"])
    old.append(["Vieja Lista"])
    old.sheet_state = "hidden"
    new = book.create_sheet("2026")
    new.append(["NOMBRE COMPLETO"])
    new.append(["Ruiz Ana"])
    out = io.BytesIO()
    book.save(out)

    file = open_roster(out.getvalue())

    assert (file.sheet, values(file)) == ("2026", [(2, ("Ruiz Ana",))])
    assert [each.code for each in file.notices] == ["roster.other_sheets"]


def with_member(content: bytes, name: str, data: bytes) -> bytes:
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr(name, data)
    return out.getvalue()


A_BOOK = a_book(("NOMBRE COMPLETO",), ("Ruiz Ana",))
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", FileFault.EMPTY),
        (b" \n \n", FileFault.EMPTY),
        (b"x" * (container.LARGEST_FILE + 1), FileFault.TOO_LARGE),
        (b"%PDF-1.7 ...", FileFault.NOT_A_TABLE),
        (bytes(range(256)) * 20, FileFault.NOT_A_TABLE),
        (b"\xff\xfe\x00", FileFault.NOT_A_TABLE),
        (b"hola,mundo\n1,2\n", FileFault.NO_HEADING),
        (b"NOMBRE COMPLETO\n", FileFault.NO_ROWS),
        (b"NOMBRE COMPLETO" + b",x" * 300 + b"\nAna" + b",x" * 300, FileFault.TOO_WIDE),
        (COMPOUND + bytes(600), FileFault.OLD_XLS),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), FileFault.LOCKED),
        (A_BOOK[:200], FileFault.DAMAGED),
        (with_member(A_BOOK, "xl/vbaProject.bin", b"x"), FileFault.MACROS),
        (with_member(A_BOOK, "../../etc/passwd", b"x"), FileFault.UNSAFE_NAMES),
        (with_member(A_BOOK, "xl/evil.xml", DOCTYPE), FileFault.ENTITIES),
        (with_member(A_BOOK, "xl/evil.xml", "<x/>".encode("utf-16")), FileFault.ENTITIES),
        (with_member(b"", "xl/workbook.bin", b"x"), FileFault.BINARY_BOOK),
        (with_member(b"", "foto.png", b"x"), FileFault.NOT_A_TABLE),
        (with_member(b"", "xl/workbook.xml", b"<not really"), FileFault.DAMAGED),
        (a_book(("hola",)), FileFault.NO_HEADING),
        (a_book(("NOMBRE COMPLETO", *["x"] * 300), ("Ana", *["x"] * 300)), FileFault.TOO_WIDE),
    ],
    ids=lambda each: each.name if isinstance(each, FileFault) else "",
)
def test_files_that_cannot_be_taken_are_refused_in_words(content: bytes, fault: FileFault) -> None:
    assert fault_of(content) is fault


def test_a_zip_bomb_is_refused_by_its_declared_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LARGEST_CONTENT", 1_000_000)

    assert fault_of(with_member(A_BOOK, "xl/big.xml", bytes(1_000_001))) is FileFault.BOMB


def test_a_directory_that_lies_about_sizes_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LARGEST_CONTENT", 1_000_000)
    honest = with_member(A_BOOK, "xl/big.xml", bytes(1_000_001))
    true_size = (1_000_001).to_bytes(4, "little")
    assert true_size in honest

    lying = honest.replace(true_size, (10).to_bytes(4, "little"))
    assert fault_of(lying) is FileFault.DAMAGED


def test_too_many_members_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for number in range(container.MOST_MEMBERS + 1):
            book.writestr(f"{number}.xml", b"")

    assert fault_of(out.getvalue()) is FileFault.BOMB


def test_more_rows_than_one_import_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.directory.roster.reading.MOST_ROWS", 2)

    assert fault_of(b"NOMBRE COMPLETO\nRuiz Ana\nLuz Eva\nTun Raul\n") is FileFault.TOO_MANY_ROWS
    assert fault_of(
        a_book(("NOMBRE COMPLETO",), ("Ruiz Ana",), ("Luz Eva",), ("Tun Raúl",))
    ) is FileFault.TOO_MANY_ROWS  # fmt: skip
