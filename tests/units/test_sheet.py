import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.units.sheet import LARGEST_FILE, MOST_ROWS, Column, read_sheet
from app.units.texts import can_be_stored, plain, shown, tidy

HEAD = "code,name,kind,parent\n"


def problem(data: bytes) -> tuple[int, str]:
    (only,) = read_sheet(data).problems
    return only.row, only.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_write_is_read(encoding: str, delimiter: str, ending: str) -> None:
    lines = [["name", "code", "parent", "kind"], ["Peñón, sección Ñ", "SON", "", "state"]]
    text = ending.join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    text = text.replace('"name"', "name").replace('"code"', "code")
    plainly = text.replace('"parent"', "parent").replace('"kind"', "kind")

    sheet = read_sheet(plainly.encode(encoding))

    assert sheet.problems == ()
    assert [(row.row, dict(row.cells)) for row in sheet.rows] == [
        (
            2,
            {
                Column.NAME: "Peñón, sección Ñ",
                Column.CODE: "SON",
                Column.PARENT: "",
                Column.KIND: "state",
            },
        )
    ]


def test_spanish_headings_are_welcome() -> None:
    sheet = read_sheet(b"Clave;NOMBRE;Tipo;Depende de;Subsistema;Zona horaria\nA;B;C;D;E;F")

    assert list(sheet.rows[0].cells) == [
        Column.CODE,
        Column.NAME,
        Column.KIND,
        Column.PARENT,
        Column.SUBSYSTEM_PARENT,
        Column.TIME_ZONE,
    ]


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    """Empty rows and a cell with a line break count as the spreadsheet counts them."""
    text = HEAD + '\nA,"dos\nlíneas",zone,\n,,,\nB,b,zone,\n'

    assert [row.row for row in read_sheet(text.encode()).rows] == [3, 5]


def test_the_line_excel_hides_is_not_a_row() -> None:
    sheet = read_sheet(b"sep=;\ncode;name;kind;parent\nA;a;zone;\n")

    assert [(row.row, row.cells[Column.NAME]) for row in sheet.rows] == [(2, "a")]


def test_a_short_row_has_blank_cells() -> None:
    (row,) = read_sheet((HEAD + "A,a").encode()).rows

    assert (row.cells[Column.KIND], row.cells[Column.PARENT]) == ("", "")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", (1, "file.empty")),
        (b" \n\n , ,\n", (1, "file.empty")),
        (HEAD.encode(), (1, "file.no_rows")),
        (b"09DPR1802X\n09DPR1803W\n", (1, "file.heading_missing")),
        (b"code\nA\n", (1, "file.heading_missing")),
        (b"\n\ncode,name,kind\nA,a,zone\n", (3, "file.heading_missing")),
        (b"code,clave,name,kind,parent\n", (1, "file.heading_twice")),
        (HEAD.encode() + b"A,a\0b,zone,\n", (1, "file.not_text")),
        (HEAD.encode() + b"A,a\x1bb,zone,\n", (1, "file.not_text")),
        (bytes(range(256)), (1, "file.not_text")),
        (b"PK\x03\x04" + bytes(100), (1, "file.not_text")),
        (b"\xff\xfeA", (1, "file.not_text")),
        (HEAD.encode() + b"\x81\x8d", (1, "file.not_text")),
        (HEAD.encode("utf-16-le"), (1, "file.not_text")),  # without the mark it is full of NUL
        (HEAD.encode() + b'A,a,zone,\nB,"b,zone,\nC,c,zone,\n', (3, "file.broken_quotes")),
        (HEAD.encode() + b'A,"a"b,zone,\n', (2, "file.broken_quotes")),
        (HEAD.encode() + b"A" * 200_000 + b",a,zone,\n", (2, "file.broken_quotes")),
        (b"x" * (LARGEST_FILE + 1), (1, "file.too_large")),
        (HEAD.encode() + b"A\n" * (MOST_ROWS + 1), (MOST_ROWS + 2, "file.too_many_rows")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_what_is_no_units_file_is_refused_as_a_whole(data: bytes, found: tuple[int, str]) -> None:
    assert problem(data) == found
    assert read_sheet(data).rows == ()


def test_a_comma_too_many_is_told_on_its_row() -> None:
    assert problem((HEAD + "A,Plantel 1, Norte,zone,MX\n").encode()) == (2, "units.too_many_cells")


def test_empty_cells_at_the_end_do_no_harm() -> None:
    assert read_sheet((HEAD + "A,a,zone,,,,\n").encode()).problems == ()


def test_a_column_we_do_not_know_is_told_and_not_used() -> None:
    sheet = read_sheet("code,name,kind,parent,Teléfono\x9b\nA,a,zone,,1\n".encode())

    assert [(found.code, found.column) for found in sheet.warnings] == [
        ("file.column_not_used", "Teléfono\ufffd")
    ]
    assert len(sheet.rows[0].cells) == 4


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_words(data: bytes) -> None:
    sheet = read_sheet(data)

    assert bool(sheet.rows) or bool(sheet.problems)


@given(st.text(st.sampled_from('ab",;\n\r\t é'), max_size=60))
def test_any_text_below_a_heading_gives_rows_or_words(text: str) -> None:
    sheet = read_sheet((HEAD + text).encode())

    assert bool(sheet.rows) or bool(sheet.problems)


@given(st.text())
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(st.text())
def test_what_is_shown_is_short_and_prints(text: str) -> None:
    assert len(shown(text)) <= 41
    assert shown(text).isprintable()


def test_invisible_signs_leave_and_control_characters_are_named() -> None:
    assert tidy(" Escuela\u202e  Benito\u00a0Jua\u0301rez\u200b\n") == "Escuela Benito Juárez"
    assert [can_be_stored(text) for text in ("Ñandú 🎓", "a\0b", "a\x9bb", "a\ud800b")] == [
        True,
        False,
        False,
        False,
    ]


def test_people_write_the_same_word_in_many_ways() -> None:
    assert {plain(text) for text in ("Zona_Horaria", " ZONA horaria:", "zona-horaria")} == {
        "zona horaria"
    }
