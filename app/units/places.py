"""Opens the geography shipped with the program and the time zones it is pinned to."""

import zoneinfo
from functools import cache
from importlib.resources import files

from app.units.geography import Geography, read_geography


def use_pinned_zones() -> None:
    """Take every time zone from the installed `tzdata` package, not from the machine.

    The machine's copy may be missing (containers) or older than a change of law (2022). Called
    once, by each entry point, before any zone is opened.
    """
    zoneinfo.reset_tzpath(())


@cache
def shipped_geography() -> Geography:
    """States, listed municipalities and zone names; read once in a process."""
    data = files("app.units") / "data"
    # The package's own list: opening a name to see whether it exists trips over folders.
    names = (files("tzdata") / "zones").read_text("utf-8").split()
    return read_geography(
        (data / "estados.csv").read_text("utf-8"),
        (data / "zonas_municipio.csv").read_text("utf-8"),
        frozenset(names),
    )
