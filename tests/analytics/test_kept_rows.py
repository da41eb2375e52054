"""The coded persons of an edition: the same persons back, and gone with who takes answers back."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, delete, select, update

from app.analytics.editions import kept as kept_editions
from app.analytics.editions import rows as kept_rows
from app.analytics.editions.content import read_back
from app.analytics.editions.freezing import draft_edition, due_editions, keep_edition
from app.analytics.editions.rows import (
    KeptRows,
    coded_rows,
    packed,
    rules_of,
    unpacked,
    variables_kept,
)
from app.analytics.editions.store import stored_part_in
from app.analytics.editions.store_building import rebuild_part
from app.analytics.editions.tables import EditionRows, EditionWithheld
from app.analytics.editions.withheld import not_told, small_summands
from app.analytics.figures.indicators import Kind
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame.coded import Column, column_of, shift, table, together
from app.analytics.frame.grouped_rows import in_columns
from app.analytics.frame.tallies import tally_of
from app.analytics.panel_row import Value
from app.analytics.release.sum_parts import summand_of
from app.analytics.tables import ResultEdition
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case, Wave
from tests.analytics.survey import COHORT, LATER, cut
from tests.analytics.test_editions import frozen
from tests.analytics.test_store import a_region

numbers = st.none() | st.integers(-5, 400)
words = st.none() | st.sampled_from(["ES", "EMP", "M", "H", "2026-08"])
marks = st.none() | st.frozensets(st.sampled_from([1, 2, 3, 8, 11, 97, 98]), min_size=1)
columns = st.one_of(*(st.lists(kind, max_size=12) for kind in (numbers, words, marks)))


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment of any size keeps the persons of its editions."""
    pytest.importorskip("polars")
    monkeypatch.setattr(kept_editions, "STORED_FROM", 1)


def back(column: Column, digits: list[int]) -> list[Value]:
    return [column.value(digit) for digit in digits]


@given(columns)
def test_a_column_of_codes_says_what_it_was_made_of(values: list[Value]) -> None:
    found = column_of(values)

    if found is None:
        assert set(values) <= {None}
    else:
        meaning, digits = found
        assert back(meaning, list(digits)) == values


@given(
    st.sampled_from([numbers, words, marks]).flatmap(lambda kind: st.tuples(*[st.lists(kind)] * 3))
)
def test_columns_of_several_schools_agree_on_one_meaning(schools: tuple[list[Value], ...]) -> None:
    found = [column_of(values) for values in schools]
    known = [one for one in found if one is not None]
    if not known:
        return
    first = together(None, [known[0][0]])
    meaning = together(first, [column for column, _ in known])

    for column, digits in known:
        by, moved = shift(column, meaning), table(column, meaning)
        assert back(meaning, [moved[d] for d in digits]) == back(column, list(digits))
        if by is not None:
            assert [d + by if d else 0 for d in digits] == [moved[d] for d in digits]
    assert shift(first, meaning) is not None  # what was written before is not written again


rows = st.lists(
    st.fixed_dictionaries(
        {
            "sexo": st.sampled_from(["M", "H", None]),
            "situacion": numbers,
            "motivo_no_estudio": marks,
            "horas_semana": st.none() | st.integers(0, 90_000),
            "municipio_residencia": st.just("15106"),
        }
    ),
    max_size=20,
)


@given(rows)
def test_a_block_gives_the_same_persons_and_only_what_is_counted(
    people: list[dict[str, Value]],
) -> None:
    kept = coded_rows(in_columns(people), 2)

    again = unpacked(packed(kept))

    assert again == kept
    walked = [dict(row) for row in again.rows()]
    names = [n for n in variables_kept(2) if any(p.get(n) is not None for p in people)]
    assert again.persons == len(people)
    assert set(again.columns) == set(names)
    if names:
        assert walked == [{name: person.get(name) for name in names} for person in people]
    assert tally_of(again.rows(), 2) == tally_of(in_columns(people), 2)


def test_the_rules_change_with_what_decides_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    every = {rules_of(wave) for wave in (1, 2, 3)}
    assert len(every) == 3
    fewer = [entry for entry in outcomes_of(2) if entry.kind is not Kind.MEAN]
    monkeypatch.setattr(kept_rows, "outcomes_of", lambda _wave: fewer)
    rules_of.cache_clear()
    try:
        assert rules_of(2) not in every
    finally:
        rules_of.cache_clear()


def without_blocks(db: Database) -> None:
    with db.unit_of_work() as session:
        session.exec(delete(EditionRows))


def blocks(db: Database) -> int:
    with db.reading() as session:
        return len(session.exec(select(EditionRows.edition_id)).all())


@pytest.mark.slow
@pytest.mark.usefixtures("keeping")
@pytest.mark.parametrize(("seed", "number"), [(11, 1), (12, 2), (13, 3)])
def test_the_store_of_what_was_kept_is_that_of_the_answers(
    db: Database, tmp_path: Path, seed: int, number: int
) -> None:
    with db.unit_of_work() as session:
        a_region(session, seed, number)
    frozen(db, LATER)
    assert blocks(db) >= 4

    with db.reading() as session:
        rebuild_part(session, tmp_path / "kept", COHORT, number, now=LATER)
    without_blocks(db)
    with db.reading() as session:
        rebuild_part(session, tmp_path / "answers", COHORT, number, now=LATER)

    kept = stored_part_in(tmp_path / "kept", COHORT, number)
    answers = stored_part_in(tmp_path / "answers", COHORT, number)
    assert kept is not None
    assert answers is not None
    assert (kept.waves, kept.columns, kept.withheld) == (
        answers.waves,
        answers.columns,
        answers.withheld,
    )
    assert kept.path.read_bytes() == answers.path.read_bytes()
    assert not any(wave.apart for wave in kept.waves)


@pytest.mark.slow
@pytest.mark.usefixtures("keeping")
def test_rows_counted_by_other_rules_are_counted_again(db: Database, tmp_path: Path) -> None:
    with db.unit_of_work() as session:
        a_region(session, 14, 2)
    frozen(db, LATER)
    with db.unit_of_work() as session:
        kept = session.exec(
            select(EditionRows)
            .join(Wave, col(Wave.id) == col(EditionRows.wave_id))
            .where(Wave.questionnaire == 2)
        ).all()
        for one in kept:
            one.rules = "others"
        fewer = unpacked(kept[0].block)
        nobody = {name: (meaning, digits[:0]) for name, (meaning, digits) in fewer.columns.items()}
        kept[0].block = packed(KeptRows(0, nobody))
        changed = kept[0].wave_id

    with db.reading() as session:
        rebuild_part(session, tmp_path, COHORT, 2, now=LATER)

    part = stored_part_in(tmp_path, COHORT, 2)
    assert part is not None
    assert {wave.wave_id for wave in part.waves if wave.apart} == {changed}


def somebody_leaves(session: Session, number: int) -> None:
    case_id = session.exec(
        select(Case.id)
        .join(Wave, col(Wave.id) == col(Case.wave_id))
        .where(Wave.questionnaire == number, Case.disposition == Disposition.COMPLETE)
        .order_by(col(Case.id))
    ).first()
    session.exec(
        update(Case).where(col(Case.id) == case_id).values(disposition=Disposition.REFUSED)
    )


@pytest.mark.usefixtures("keeping")
def test_whoever_takes_an_earlier_answer_back_leaves_every_block_at_once(db: Database) -> None:
    with db.unit_of_work() as session:
        a_region(session, 15, 2)
    frozen(db, LATER)
    before = blocks(db)

    with db.unit_of_work() as session:
        somebody_leaves(session, 1)

    with db.reading() as session:
        person = select(Case.member_id).where(Case.disposition == Disposition.REFUSED)
        theirs = session.exec(select(Case.wave_id).where(col(Case.member_id).in_(person))).all()
        kept = session.exec(select(EditionRows.wave_id)).all()
    assert len(theirs) == 2
    assert (set(theirs) & set(kept), len(kept)) == (set(), before - 2)


@pytest.mark.usefixtures("keeping")
def test_nobody_is_kept_who_left_while_the_edition_was_made(db: Database) -> None:
    with db.unit_of_work() as session:
        a_region(session, 15, 2)
    with db.reading() as session:
        drafts = [draft_edition(session, due) for due in due_editions(session, now=LATER)]
    with db.unit_of_work() as session:
        somebody_leaves(session, 2)

    with db.unit_of_work() as session:
        for draft in drafts:
            assert keep_edition(session, draft, now=LATER + timedelta(seconds=1)) is not None

    assert blocks(db) == len(drafts) - 2  # the wave, and the one before of the same persons


def test_a_small_deployment_keeps_nobody(db: Database) -> None:
    with db.unit_of_work() as session:
        a_region(session, 15, 2)

    frozen(db, LATER)

    assert blocks(db) == 0


@pytest.mark.slow
@pytest.mark.usefixtures("keeping")
def test_what_a_school_withholds_is_worked_out_once(db: Database) -> None:
    with db.unit_of_work() as session:
        a_region(session, 16, 2)
        drafts = [draft_edition(session, due) for due in due_editions(session, now=LATER)]
        for draft in drafts:
            keep_edition(session, draft, now=LATER)
        texts = {one.id: one.content for one in session.exec(select(ResultEdition)).all()}

    with db.unit_of_work() as session:
        assert not_told(session, list(texts)) == []  # each edition brought it
        kept = small_summands(session, list(texts))
        for edition_id, text in texts.items():
            afresh = summand_of(read_back(text).tally)
            mine = kept[edition_id]
            assert (mine.hidden, mine.crossings) == (afresh.hidden, afresh.crossings)
        told = session.exec(select(EditionWithheld)).all()
        told[0].rules = "of other code"
        told[0].withheld = '{"hidden": null, "crossings": []}'
        session.delete(told[1])

    with db.reading() as session:
        assert len(not_told(session, list(texts))) == 2
        again = small_summands(session, list(texts))
    assert {one: (s.hidden, s.crossings) for one, s in again.items()} == {
        one: (s.hidden, s.crossings) for one, s in kept.items()
    }
    cut(db, LATER)
    with db.reading() as session:
        assert not_told(session, list(texts)) == []
