"""What can go wrong in the domain, and how to say it.

A domain function raises a subclass of AppError; `web.errors` turns it into a page.
`str(error)` is for the log (English, code and details); `mensaje` is for people.
"""

from typing import ClassVar


class AppError(Exception):
    """A refusal the user can understand: 4xx, or 503 when the store is not there.

    Never used for programming mistakes.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    plantilla: ClassVar[str]
    # What staff and operators read instead, where the sentence above speaks to a respondent.
    plantilla_personal: ClassVar[str | None] = None

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.code)

    def __str__(self) -> str:
        shown = " ".join(f"{name}={value!r}" for name, value in self.details.items())
        return f"{self.code} {shown}".rstrip()

    @property
    def mensaje(self) -> str:
        """Text for the page, in Spanish: what happened and what to do next."""
        return self.plantilla.format(**self.details)

    @property
    def mensaje_personal(self) -> str:
        """The same for staff and operators, who have no answer waiting on the page."""
        return (self.plantilla_personal or self.plantilla).format(**self.details)


class NotFound(AppError):
    """There is no such thing, or it belongs to somebody else: never told apart."""

    code = "page.not_found"
    status = 404
    plantilla = "No encontramos lo que busca. Revise la dirección o vuelva al inicio."


class StorageBusy(AppError):
    """The database stayed locked longer than a person should wait."""

    code = "storage.busy"
    status = 503  # with Retry-After; the page keeps what was typed
    plantilla = (
        "No pudimos guardar porque hay mucha gente respondiendo; tu respuesta sigue aquí. "
        "Espera unos segundos y toca Continuar otra vez."
    )
    plantilla_personal = (
        "La base de datos está ocupada y no se guardó nada. Espere unos segundos e intente de "
        "nuevo."
    )


class StorageFull(AppError):
    """The disk of the database is full."""

    code = "storage.full"
    status = 503
    plantilla = (
        "No pudimos guardar porque se llenó el disco; tu respuesta sigue aquí. "
        "Intenta de nuevo en unos minutos."
    )
    plantilla_personal = (
        "Se llenó el disco de la base de datos y no se guardó nada. Libere espacio e intente de "
        "nuevo."
    )


class StorageBroken(AppError):
    """The database cannot be reached, read or written."""

    code = "storage.broken"
    status = 503
    plantilla = (
        "No pudimos guardar porque la base de datos no responde; tu respuesta sigue aquí. "
        "Intenta de nuevo en unos minutos."
    )
    plantilla_personal = (
        "La base de datos no se puede abrir, leer o escribir, y no se guardó nada. Revise que "
        "exista, que esté encendida y sus permisos, e intente de nuevo."
    )


class StorageOutdated(AppError):
    """The database lacks a table or a column: migrations were not run."""

    code = "storage.outdated"
    status = 503
    plantilla = "La base de datos no está al día. Ejecute «trayecto migrate» e intente de nuevo."
