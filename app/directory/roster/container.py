"""Whether a spreadsheet file may be opened at all: judged by its wrapping, before any parsing.

The library that reads spreadsheets trusts its input. Sizes are read from the directory of the
ZIP; then everything is unpacked once, keeping nothing: zipfile stops at the declared size, so a
directory that lies fails its checksum.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.errors import AppError

LARGEST_FILE = 40_000_000  # bytes as uploaded
LARGEST_CONTENT = 300_000_000  # bytes unpacked; 100,000 rows × 20 columns take about 150 million
MOST_MEMBERS = 1_000
_STEP = 1 << 18
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
_FORMULA = (b"<f>", b"<f ", b"<f/", b"table:formula=")


class FileFault(StrEnum):
    """Why a file is refused; the value completes "No se pudo leer el archivo: …."."""

    EMPTY = "está vacío; revise que sea el correcto"
    TOO_LARGE = "es demasiado grande; divídalo en archivos de hasta 40 MB"
    BOMB = "al abrirse ocuparía demasiado espacio; guárdelo de nuevo desde su hoja de cálculo"
    DAMAGED = "está dañado o incompleto; guárdelo de nuevo desde su hoja de cálculo"
    OLD_XLS = "es un libro de Excel antiguo (.xls); ábralo y guárdelo como .xlsx"
    LOCKED = "tiene contraseña; guárdelo sin contraseña y vuelva a intentar"
    MACROS = "trae macros (.xlsm); guárdelo como .xlsx sin macros"
    BINARY_BOOK = "es un libro binario (.xlsb); ábralo y guárdelo como .xlsx"
    ENTITIES = "trae declaraciones que una hoja de cálculo no usa y podría ser dañino"
    UNSAFE_NAMES = "trae rutas que una hoja de cálculo no usa y podría ser dañino"
    NOT_A_TABLE = "no es una lista; use .csv, .xlsx u .ods"
    NO_HEADING = (
        "no encontramos el renglón de encabezados; ponga una columna NOMBRE COMPLETO, o NOMBRE(S) "
        "y APELLIDO PATERNO"
    )
    NO_ROWS = "debajo de los encabezados no hay renglones"
    TOO_MANY_ROWS = "tiene más de 200,000 renglones; divídalo por plantel"
    TOO_WIDE = "tiene más de 200 columnas; deje solo las de la lista"
    NO_ANSWER_COLUMN = (
        "falta la columna EGRESÓ o CERTIFICADO con SÍ o NO; agréguela y vuelva a intentar"
    )


class FileRefused(AppError):
    """A roster file that cannot be taken as a whole; nothing of it was stored."""

    code = "roster.file_refused"
    status = 422
    plantilla = "No se pudo leer el archivo: {fault}."

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault=fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What kind of file it is. `formulas`: how many cells have one (never evaluated)."""

    kind: str  # csv, xlsx, ods
    formulas: int = 0


def inspect(content: bytes) -> Wrapping:
    """The kind of a file by its content, whatever its name says.

    Raises:
        FileRefused: it is dangerous, locked, or no table.
    """
    if not content.strip():
        raise FileRefused(FileFault.EMPTY)
    if len(content) > LARGEST_FILE:
        raise FileRefused(FileFault.TOO_LARGE)
    if content.startswith(_COMPOUND):
        locked = "EncryptedPackage".encode("utf-16-le") in content
        raise FileRefused(FileFault.LOCKED if locked else FileFault.OLD_XLS)
    if content.startswith(b"PK"):
        return _inspect_zip(content)
    if content.startswith(
        (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"Rar!", b"<")
    ):
        raise FileRefused(FileFault.NOT_A_TABLE)
    return Wrapping("csv")


def _inspect_zip(content: bytes) -> Wrapping:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            members = book.infolist()
            _check_declared(members)
            kind = _book_kind(book, {member.filename for member in members})
            return Wrapping(kind, _check_unpacked(book, members))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        # RuntimeError covers compression methods that this Python does not have.
        raise FileRefused(FileFault.DAMAGED) from error


def _check_declared(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS or sum(each.file_size for each in members) > LARGEST_CONTENT:
        raise FileRefused(FileFault.BOMB)
    for each in members:
        parts = each.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in each.filename:
            raise FileRefused(FileFault.UNSAFE_NAMES)
        if each.flag_bits & 1:
            raise FileRefused(FileFault.LOCKED)


def _book_kind(book: zipfile.ZipFile, names: set[str]) -> str:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(FileFault.MACROS)
    if "xl/workbook.bin" in names:
        raise FileRefused(FileFault.BINARY_BOOK)
    if "xl/workbook.xml" in names:
        types = book.read("[Content_Types].xml") if "[Content_Types].xml" in names else b""
        if b"macroEnabled" in types:
            raise FileRefused(FileFault.MACROS)
        return "xlsx"
    if "content.xml" in names and "mimetype" in names:
        if b"spreadsheet" not in book.read("mimetype"):
            raise FileRefused(FileFault.NOT_A_TABLE)
        manifest = "META-INF/manifest.xml"
        if manifest in names and b"encryption-data" in book.read(manifest):
            raise FileRefused(FileFault.LOCKED)
        return "ods"
    raise FileRefused(FileFault.NOT_A_TABLE)


def _check_unpacked(book: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> int:
    """Unpack everything once, keeping nothing; gives the number of cells with a formula."""
    formulas = 0
    for each in members:
        markup = each.filename.lower().endswith((".xml", ".rels", ".vml"))
        sheet = "worksheets/" in each.filename or each.filename == "content.xml"
        for piece in _pieces(book, each):
            if markup and (b"<!DOCTYPE" in piece or b"<!ENTITY" in piece):
                raise FileRefused(FileFault.ENTITIES)
            if sheet:
                formulas += sum(piece.count(sign) for sign in _FORMULA)
        if markup and _first_bytes(book, each).startswith((b"\xff\xfe", b"\xfe\xff")):
            raise FileRefused(FileFault.ENTITIES)  # UTF-16 would hide them from the search
    return formulas


def _pieces(book: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Its content in steps that overlap by 16 bytes, so that no sign is cut in two."""
    tail = b""
    with book.open(member) as stream:
        while step := stream.read(_STEP):
            yield tail + step
            tail = step[-16:]


def _first_bytes(book: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with book.open(member) as stream:
        return stream.read(2)
