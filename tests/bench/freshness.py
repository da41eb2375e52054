"""Seconds from an answer to every page that counts it, through the real server.

`make bench PART=freshness`. A person answers Questionnaire 2 to its end, step by step over HTTP;
from then on each page of staff is asked again and again until it counts the answer. No worker runs.
"""

import time
from uuid import UUID

import httpx2

from tests.bench.beside import empty_databases, made, served, write_figures
from tests.browser.no_script import answer_everything
from tests.web.fresh import STAFF_COOKIE, a_school_in_field, is_fresh, pages

PEOPLE = 240  # of a generation: the larger of the simulated schools
ANSWERS = 12
LIMIT = 5.0  # seconds (issue 7)
ANSWERED = {"estudia": "1", "trabaja": "4"}


def run() -> dict[str, object]:
    """By engine and page: median and longest seconds."""
    figures: dict[str, object] = {"goal": f"every page within {LIMIT:.0f} s", "people": PEOPLE}
    with empty_databases() as urls:
        for name, url in urls.items():
            figures[name] = _engine(url)
    return figures


def _engine(url: str) -> dict[str, object]:
    db = made(url)
    with db.unit_of_work() as session:
        wave, people, token = a_school_in_field(session, PEOPLE)
    found: dict[str, list[float]] = {place: [] for place in pages(wave.wave_id)}
    with served(url, []) as port:
        base = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=base, timeout=30, cookies={STAFF_COOKIE: token}) as staff:
            for answered, person in enumerate(people[:ANSWERS], 1):
                with httpx2.Client(base_url=base, timeout=30) as phone:
                    answer_everything(phone, person.token, ANSWERED)
                kept = time.perf_counter()
                for place, seconds in _waits(staff, wave.wave_id, answered, kept).items():
                    found[place].append(seconds)
    db.dispose()
    return {
        place: {
            "median s": round(sorted(waits)[len(waits) // 2], 3),
            "longest s": round(max(waits), 3),
            "within goal": max(waits) <= LIMIT,
        }
        for place, waits in found.items()
    }


def _waits(staff: httpx2.Client, wave_id: UUID, answered: int, kept: float) -> dict[str, float]:
    """Seconds until each page counts the answer, the looks before it included."""
    waits = {}
    for place, address in pages(wave_id).items():
        while not is_fresh(place, staff.get(address).text, answered, PEOPLE):
            assert time.perf_counter() - kept < 10 * LIMIT, f"{place} never counts it"
            time.sleep(0.05)
        waits[place] = time.perf_counter() - kept
    return waits


if __name__ == "__main__":
    write_figures("freshness", run())
