"""The tree of a simulated world: a nation, states in several time zones, zones, schools.

Every name says that it is simulated. Keys have the form of a CCT, with numbers from 9000 on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.simulation.chance import Chance
from app.simulation.parameters import SchoolParameters

NATION = "MX"
IN_A_STATE = 4  # schools, beyond the first state's
MARK = "(simulado)"
FIRST_SCHOOLS = ((95, 2), (240, 1), (7, 1))  # graduates a generation, tipo_bachillerato


@dataclass(frozen=True, slots=True)
class StateFacts:
    """What is needed of a federal entity (AGEEML, RENAPO)."""

    code: str
    name: str
    curp: str
    municipalities: int  # numbered from 1


# The first holds the demonstration; the others follow so that time zones differ early.
STATES = (
    StateFacts("15", "Estado de México", "MC", 125),
    StateFacts("02", "Baja California", "BC", 7),
    StateFacts("26", "Sonora", "SR", 72),
    StateFacts("23", "Quintana Roo", "QR", 11),
    StateFacts("25", "Sinaloa", "SL", 20),
    StateFacts("31", "Yucatán", "YN", 106),
    StateFacts("08", "Chihuahua", "CH", 67),
    StateFacts("19", "Nuevo León", "NL", 51),
    StateFacts("14", "Jalisco", "JC", 125),
    StateFacts("30", "Veracruz", "VZ", 212),
    StateFacts("21", "Puebla", "PL", 217),
    StateFacts("09", "Ciudad de México", "DF", 16),
    StateFacts("11", "Guanajuato", "GT", 46),
    StateFacts("20", "Oaxaca", "OC", 570),
    StateFacts("07", "Chiapas", "CS", 124),
    StateFacts("16", "Michoacán", "MN", 113),
)
_PLACES = (
    "Cerro Azul", "Valle Verde", "Llano Grande", "Río Claro", "Loma Alta", "Puerta del Sol",
    "Agua Fría", "El Mezquite", "Las Palmas", "Piedra Blanca", "El Fresno", "La Cañada",
    "Tres Encinos", "Ojo de Agua", "El Carrizal", "Nueva Aurora", "La Higuera", "Cañón Rojo",
)  # fmt: skip
_KEYS = {1: "EBH", 2: "ECT", 3: "EPT"}
_PROGRAMMES = {
    1: ("Bachillerato general",),
    2: ("Programación", "Contabilidad", "Enfermería general", "Mantenimiento industrial"),
    3: ("Profesional técnico en informática", "Profesional técnico en electromecánica"),
}


@dataclass(frozen=True, slots=True)
class School:
    """One school. `graduates`: people of each generation; `track`: tipo_bachillerato."""

    number: int
    code: str
    name: str
    state: StateFacts
    zone: str
    municipality: str
    track: int
    graduates: int

    @property
    def programmes(self) -> tuple[str, ...]:
        return _PROGRAMMES[self.track]


def schools(chance: Chance, count: int, assumed: SchoolParameters) -> tuple[School, ...]:
    """`count` schools: the three of the demonstration first, then others of any size."""
    return tuple(_school(chance, number, assumed) for number in range(count))


def units_csv(world: Sequence[School]) -> bytes:
    """The tree as a file for units.importing."""
    rows = [("code", "name", "kind", "parent", "municipality")]
    rows.append((NATION, f"México {MARK}", "nation", "", ""))
    states = dict.fromkeys(school.state for school in world)
    rows += [(state.code, f"{state.name} {MARK}", "state", NATION, "") for state in states]
    rows += _zone_rows(world)
    for school in world:
        rows.append((school.code, school.name, "school", school.zone, school.municipality))
    return "".join(",".join(row) + "\n" for row in rows).encode()  # no cell holds a comma


def _zone_rows(world: Sequence[School]) -> Iterable[tuple[str, str, str, str, str]]:
    zones = {school.zone: school.state for school in world}
    for number, (zone, state) in enumerate(zones.items(), 1):
        yield zone, f"Zona escolar {number} {MARK}", "zone", state.code, ""


def _school(chance: Chance, number: int, assumed: SchoolParameters) -> School:
    first = len(FIRST_SCHOOLS)
    graduates, track = (
        FIRST_SCHOOLS[number]
        if number < first
        else (assumed.graduates.draw(chance), assumed.track.draw(chance))
    )
    state = STATES[0 if number < first else (1 + (number - first) // IN_A_STATE) % len(STATES)]
    place = _PLACES[number % len(_PLACES)]
    again = f" {number // len(_PLACES) + 1}" if number >= len(_PLACES) else ""
    return School(
        number=number,
        code=f"{state.code}{_KEYS[track]}{9000 + number % 1000:04d}{_letter(number)}",
        name=f"Plantel {place}{again} {MARK}",
        state=state,
        zone=f"{state.code}-Z{number // (len(STATES) * IN_A_STATE) + 1:02d}",
        municipality=f"{state.code}{1 + int(chance.random() * state.municipalities):03d}",
        track=track,
        graduates=graduates,
    )


def _letter(number: int) -> str:
    """Tells schools apart whose other figures are the same, up to 26,000 of them."""
    return chr(ord("A") + number // 1000 % 26)
