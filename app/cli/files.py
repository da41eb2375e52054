"""Files an operator names on the command line."""

from pathlib import Path

from app.errors import AppError


class FileNotRead(AppError):
    """The file is not there, or this account may not read it."""

    code = "file.not_read"
    status = 404
    plantilla = "No se pudo leer el archivo «{name}». Revise el nombre, la carpeta y los permisos."


def read_file(path: Path, *, limit: int) -> bytes:
    """The bytes of a file, one more than `limit` at most: enough to say that it is too large.

    Raises:
        FileNotRead: missing, a folder, or not readable.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise FileNotRead(name=path.name) from error
