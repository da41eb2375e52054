"""Which time zone a place has: the municipality's own where it is listed, else its state's.

Works on text; who opens the shipped files: places.py. Facts: INEGI (AGEEML), DOF 28 Oct 2022.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.units.texts import plain

CAPITAL_ZONE = "America/Mexico_City"  # where nothing else is known: national offices


@dataclass(frozen=True, slots=True)
class State:
    """One of the 32 federal entities."""

    code: str  # two digits, AGEEML
    name: str
    short_name: str
    region: str  # a proposal: the regions are no official list
    time_zone: str


@dataclass(frozen=True, slots=True)
class Geography:
    """States by code, zones of the municipalities that are listed, and all valid zone names."""

    states: Mapping[str, State]
    municipality_zones: Mapping[str, str]
    zone_names: frozenset[str]

    def is_zone(self, name: str) -> bool:
        """Whether IANA knows this name (exactly so written)."""
        return name in self.zone_names

    def zone_of_municipality(self, code: str) -> str | None:
        """Zone of a five-digit AGEEML code; None if there is no such state."""
        return self.municipality_zones.get(code) or self.zone_of_state(code[:2])

    def zone_of_state(self, code: str) -> str | None:
        """Zone of most of the state with this two-digit code."""
        state = self.states.get(code)
        return state.time_zone if state else None

    def state_called(self, name: str) -> State | None:
        """The state with this official or short name, whatever its accents and capitals."""
        wanted = plain(name)
        for state in self.states.values():
            if wanted in {plain(state.name), plain(state.short_name)}:
                return state
        return None


def read_geography(
    states_csv: str, municipalities_csv: str, zone_names: frozenset[str]
) -> Geography:
    """From the text of `estados.csv` and `zonas_municipio.csv`."""
    states = {
        line["clave_entidad"]: State(
            code=line["clave_entidad"],
            name=line["nombre_oficial"],
            short_name=line["nombre_corto"],
            region=line["region"],
            time_zone=line["zona_horaria"],
        )
        for line in csv.DictReader(states_csv.splitlines())
    }
    zones = {
        line["clave_municipio"]: line["zona_horaria"]
        for line in csv.DictReader(municipalities_csv.splitlines())
    }
    return Geography(states, zones, zone_names)


def municipality_code(text: str) -> str | None:
    """A five-digit code; spreadsheets drop the leading zero (9001 is 09001). None if it is none."""
    return text.zfill(5) if re.fullmatch(r"[0-9]{4,5}", text, re.ASCII) else None
