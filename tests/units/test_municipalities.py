"""Municipalities: read as INEGI writes them, all or none; found whatever accents are typed."""

from datetime import datetime, timedelta

import pytest

from app.db.transactions import Database
from app.units.catalogues import catalogues, import_municipalities, town_codes, towns_of
from app.units.municipalities import Towns, read_towns, town_called

OURS = (
    "clave_municipio,clave_entidad,estado,municipio,distincion\n"
    "14039,14,Jalisco,Guadalajara,\n14120,14,Jalisco,Zapopan,\n01001,01,Aguascalientes,"
    "Aguascalientes,\n20208,20,Oaxaca,San Juan Mixtepec,08\n20209,20,Oaxaca,San Juan Mixtepec,26\n"
)
INEGI = (
    "CVEGEO,CVE_ENT,NOM_ENT,NOM_ABR,CVE_MUN,NOM_MUN,CVE_LOC,NOM_LOC\n"
    '010010001,01,Aguascalientes,Ags.,001,Aguascalientes,0001,"Aguascalientes"\n'
    "010010094,01,Aguascalientes,Ags.,001,Aguascalientes,0094,Granja Adelita\n"
    "10010001,1,Aguascalientes,Ags.,2,Asientos,0001,Asientos\n"
)


def test_our_own_layout_is_read() -> None:
    assert read_towns(OURS.encode()).names["14120"] == "Zapopan"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_the_layout_of_inegi_is_read_with_its_localities(encoding: str) -> None:
    data = INEGI.replace("Asientos\n", "Cosío\n", 1).encode(encoding)

    assert read_towns(data) == Towns({"01001": "Aguascalientes", "01002": "Asientos"})


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("nombre,clave\nx,y\n", 0, "Faltan columnas"),
        ("clave_municipio,municipio\n", 0, "no tiene renglones"),
        ("clave_municipio,municipio\n99001,Nada\n", 2, "cinco dígitos"),
        ("clave_municipio,municipio\n14120,Zapopan\n14120,Tonalá\n", 3, "dos veces"),
        ("clave_municipio,municipio\n14120,\n", 2, "Falta el nombre"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(text: str, row: int, words: str) -> None:
    found = read_towns(text.encode())

    assert found.names == {}
    assert [(each.row, words in each.message) for each in found.faults] == [(row, True)]


@pytest.mark.parametrize("typed", ["Zapopan", " zapopan ", "ZAPOPÁN"])
def test_a_town_is_found_whatever_is_typed(typed: str) -> None:
    assert town_called(typed, ["Tonalá", "Zapopan"]) == "Zapopan"
    assert town_called("Zapo", ["Tonalá", "Zapopan"]) is None


def test_an_import_replaces_the_list_or_changes_nothing(db: Database, now: datetime) -> None:
    def load(text: str, at: datetime) -> int:
        with db.unit_of_work() as session:
            done = import_municipalities(
                session, text.encode(), edition="2025-11", source="INEGI", now=at
            )
        return done.rows

    rows = [load(OURS, now), load("clave_municipio,municipio\n14120,\n", now)]
    with db.reading() as session:
        kept = towns_of(session, "14")
    rows.append(load(INEGI, now + timedelta(days=1)))

    assert rows == [5, 0, 2]
    assert kept == ("Guadalajara", "Zapopan")
    with db.reading() as session:
        assert (towns_of(session, "14"), towns_of(session, "")) == ((), ())
        (line,) = catalogues(session)
    assert (line.edition, line.rows, line.imported_at) == ("2025-11", 2, now + timedelta(days=1))


def test_a_typed_town_has_one_code_or_none(db: Database, now: datetime) -> None:
    with db.unit_of_work() as session:
        import_municipalities(session, OURS.encode(), edition="1", source="INEGI", now=now)
        codes = town_codes(session)

    assert codes["zapopan jalisco"] == "14120"
    assert "san juan mixtepec oaxaca" not in codes
