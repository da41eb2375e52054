"""Which passwords are refused (trust.md SEC-15): short ones, and those one would try first.

No rule of composition. What is left after taking away common words, the person's own
words, years and runs must still be something. The word list is ours.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from app.errors import AppError

SHORTEST = 12  # characters
LONGEST = 200
LEAST_OWN = 6  # characters that no list explains

_WORDS = """
    contrasena password clave secreto secreta acceso entrar bienvenido bienvenida welcome login
    usuario user admin administrador administradora root sistema system prueba pruebas test demo
    temporal provisional cambiar cambiame change hola adios amor teamo tequiero princesa futbol
    america chivas pumas cruzazul tigres mexico guadalajara monterrey puebla sinaloa jalisco oaxaca
    veracruz chiapas sonora yucatan tijuana dios jesus cristo maria guadalupe jose juan luis carlos
    escuela plantel colegio bachillerato bachilleres preparatoria prepa telebachillerato conalep
    cbtis cetis cbta cecyte cobach dgeti sems secretaria educacion publica seguimiento egresados
    egresado egresada alumno alumna alumnos matricula curp generacion trayecto cuestionario
    maestro maestra docente director directora tutor tutora orientador orientadora control escolar
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    lunes martes miercoles jueves viernes sabado domingo verano invierno primavera otono
    dragon monkey master letmein superman batman pokemon computadora internet google facebook
    whatsapp gmail hotmail outlook microsoft windows iloveyou sunshine football baseball shadow
"""
_COMMON = frozenset(_WORDS.split())
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "asdfghjklñ", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_DISGUISES = str.maketrans("4301578@$!", "aeoistbasi")
_YEAR = re.compile(r"(19|20)\d\d")
_UNIT = re.compile(r"(.{1,6}?)\1+")
_WORD = re.compile(r"[^\W_]+")
_PADDING = re.compile(r"[\s!-/:-@\[-`{-~¡¿]+")  # what people put around a word to make it "strong"


class PasswordRefused(AppError):
    """The password would be guessed, or cannot be handled."""

    code = "staff.password_refused"
    status = 422
    plantilla = "{problem}. Cuatro palabras que solo usted relacione son una buena contraseña."


def check_new_password(password: str, *, personal: Iterable[str] = ()) -> None:
    """Accept or refuse a password somebody chose.

    Args:
        password: as typed.
        personal: what strangers know of the person: e-mail, name, school.

    Raises:
        PasswordRefused: with what to do, in Spanish.
    """
    if len(password) < SHORTEST:
        raise PasswordRefused(problem=f"Escriba al menos {SHORTEST} caracteres")
    if len(password) > LONGEST:
        raise PasswordRefused(problem=f"Escriba {LONGEST} caracteres como máximo")
    plain = _plain(password)
    words = _COMMON | {
        word for text in personal for word in _WORD.findall(_plain(text)) if len(word) > 3
    }
    if min(_own_part(plain, words), _own_part(plain.translate(_DISGUISES), words)) < LEAST_OWN:
        raise PasswordRefused(
            problem="Esa contraseña se adivina pronto: es común, se repite o está hecha "
            "con sus datos o los de la escuela"
        )


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def _own_part(plain: str, words: Iterable[str]) -> int:
    """Characters left when everything a list or a rhythm explains is taken away."""
    rest = plain
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " ")
    rest = _YEAR.sub(" ", rest)
    rest = _UNIT.sub(r"\1", rest)  # a thing said many times is said once
    return len(_without_runs(_PADDING.sub("", rest)))


def _without_runs(text: str) -> str:
    """`abcd9876x` -> `a9x`: neighbours of the alphabet, the digits or the keyboard."""
    kept = text[:1]
    for before, after in pairwise(text):
        if not _neighbours(before, after):
            kept += after
    return kept


def _neighbours(one: str, other: str) -> bool:
    if abs(ord(one) - ord(other)) <= 1:
        return True
    return any(one + other in row or other + one in row for row in _KEYBOARD)
