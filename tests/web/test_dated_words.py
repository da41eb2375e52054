"""Of when figures are, in words: live, an edition, or a cut of several schools."""

from datetime import UTC, datetime

import pytest

from app.analytics.editions.publishing import EditionsUsed
from app.analytics.tables import EditionKind
from app.web.staff.results_asked import dated_words

DAY = datetime(2026, 12, 3, 18, tzinfo=UTC)


def of(
    schools: int, waiting: int = 0, *, number: int | None = None, cut: bool = False
) -> EditionsUsed:
    return EditionsUsed(
        schools=schools,
        waiting=waiting,
        number=number,
        kind=EditionKind.CLOSE if number else None,
        frozen_at=DAY if schools else None,
        accepted_at=None,
        reason=None,
        answered=90,
        frame=120,
        cut_at=DAY if cut else None,
    )


@pytest.mark.parametrize(
    ("editions", "words"),
    [
        (None, "al 3 de diciembre de 2026"),
        (of(1, number=2), "edición 2, del 3 de diciembre de 2026"),
        (of(0, 1), "sin edición todavía"),
        (of(0, 3), "sin suma hasta que cierren"),
        (of(3, cut=True), "3 planteles que ya cerraron, corte del 3 de diciembre de 2026"),
        (
            of(1, 1, number=1, cut=True),
            "1 plantel que ya cerró, corte del 3 de diciembre de 2026 (falta 1)",
        ),
        (
            of(1_200, 2, cut=True),
            "1,200 planteles que ya cerraron, corte del 3 de diciembre de 2026 (faltan 2)",
        ),
    ],
)
def test_of_when_figures_are(editions: EditionsUsed | None, words: str) -> None:
    assert dated_words(editions, "America/Mexico_City", now=DAY) == words
