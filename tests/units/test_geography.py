import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.units.geography import municipality_code
from app.units.places import shipped_geography

GEOGRAPHY = shipped_geography()


@pytest.mark.parametrize(
    ("municipality", "zone"),
    [
        ("09015", "America/Mexico_City"),
        ("08037", "America/Ciudad_Juarez"),  # Juárez, by exception of the law of 2022
        ("08052", "America/Ojinaga"),
        ("08019", "America/Chihuahua"),  # the capital of the same state
        ("18020", "America/Mexico_City"),  # Bahía de Banderas lives with Jalisco
        ("18017", "America/Mazatlan"),
        ("05025", "America/Matamoros"),  # Piedras Negras
        ("23005", "America/Cancun"),
    ],
)
def test_a_municipality_has_its_own_hour_or_its_states(municipality: str, zone: str) -> None:
    found = GEOGRAPHY.zone_of_municipality(municipality)

    assert found is not None
    assert offsets(found) == offsets(zone)


def offsets(zone: str) -> list[object]:
    days = (datetime(2026, month, 15, 12, tzinfo=UTC) for month in (1, 7))
    return [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]


def test_there_are_32_states_each_with_a_zone_iana_knows() -> None:
    assert sorted(GEOGRAPHY.states) == [f"{number:02}" for number in range(1, 33)]
    zones = {state.time_zone for state in GEOGRAPHY.states.values()}
    assert all(map(GEOGRAPHY.is_zone, zones | set(GEOGRAPHY.municipality_zones.values())))


@pytest.mark.parametrize("name", ["Mars/Olympus", "America", "", "america/mexico_city", "../etc"])
def test_not_every_name_is_a_zone(name: str) -> None:
    assert not GEOGRAPHY.is_zone(name)


@pytest.mark.parametrize("name", ["Estado de México", "MEXICO", "méxico"])
def test_a_state_is_found_by_either_name(name: str) -> None:
    state = GEOGRAPHY.state_called(name)

    assert state is not None
    assert state.code == "15"


def test_an_unknown_place_has_no_zone() -> None:
    assert GEOGRAPHY.zone_of_municipality("99001") is None
    assert GEOGRAPHY.state_called("Atlántida") is None


def test_the_zero_a_spreadsheet_dropped_comes_back() -> None:
    assert [municipality_code(text) for text in ("9001", "09001", "901", "a9001", "090012")] == [
        "09001",
        "09001",
        None,
        None,
        None,
    ]


PINNED = """
import importlib.resources, zoneinfo
from app.units.places import shipped_geography, use_pinned_zones
use_pinned_zones()
assert zoneinfo.TZPATH == ()
shipped_geography()
for name in ("America/Tijuana", "America/Ciudad_Juarez", "America/Mexico_City"):
    zoneinfo.ZoneInfo(name)
"""


@pytest.mark.parametrize("machine", [{"PYTHONTZPATH": ""}, {}], ids=["none", "its own"])
def test_zones_come_from_the_pinned_package_whatever_the_machine_has(
    machine: dict[str, str],
) -> None:
    """F-59: an empty PYTHONTZPATH is a container without /usr/share/zoneinfo."""
    done = subprocess.run(
        [sys.executable, "-c", PINNED], env=machine, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
