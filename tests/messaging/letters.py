"""One ordinary invitation, for the tests of its bytes."""

from datetime import UTC, datetime

from app.messaging.compose import Letterhead, letterhead
from app.messaging.templates import parse_template

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINK = "https://egresados.escuela.mx/e/AbCdEfGhIjKlMnOpQrStUv"
PERSON = (
    "<0123456789abcdef@escuela.mx>",
    "https://egresados.escuela.mx/baja/AAAA.BBBB-_C",
    "mailto:b+aaaa.bbbb@rebotes.escuela.mx?subject=baja",
)
TEXT = """Hola, {{nombre}}:

Hace un año saliste de la {{escuela}} y queremos saber cómo te fue.
Son cinco minutos; nadie de la escuela ve tus respuestas con tu nombre.

{{enlace}}

¿Dudas de que este mensaje sea nuestro? Búscalo en la página /verifica del sitio.

Para no recibir más mensajes: {{baja}}
"""
TEMPLATE = parse_template(
    "{{tema}}",
    TEXT,
    fields=frozenset({"tema", "nombre", "escuela"}),
    links=frozenset({"enlace", "baja"}),
)
VALUES = {
    "tema": "¿Cómo te ha ido, María?",
    "nombre": "María José",
    "escuela": "Preparatoria Núm. 3",
    "enlace": LINK,
    "baja": "https://egresados.escuela.mx/baja/AAAA.BBBB-_C",
}


def a_letterhead() -> Letterhead:
    return letterhead(
        from_name="Preparatoria Núm. 3",
        from_address="egresados@escuela.mx",
        reply_to=("Laura Pérez, directora", "direccion@escuela.mx"),
        list_id="egresados.escuela.mx",
    )
