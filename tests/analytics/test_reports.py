"""The only door, through the database: known answers in, exact figures and refusals out."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from app.analytics.asking import AudienceNotYours, NothingFielded, TraitNotOffered
from app.analytics.figures.registry import outcomes_of
from app.analytics.frame import datasets
from app.analytics.released import Audience, IndicatorRow, Reason
from app.analytics.reports import (
    IndicatorsReport,
    WaveOfUnit,
    indicators_report,
    rates_report,
)
from app.analytics.tables import EditionKind
from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Wave, WaveState
from app.units.catalogues import import_municipalities
from app.units.scope import WHOLE, Reach, Scope
from app.units.tables import OrganisationUnit, UnitKind
from tests.analytics.survey import (
    COHORT,
    LATER,
    SILENT,
    Someone,
    a_surveyed_school,
    answered,
    settled,
)
from tests.fieldwork.field import an_office
from tests.units.test_municipalities import OURS

STUDIES = {"estudia": 1, "trabaja": 4}
WORKS = {"estudia": 5, "trabaja": 1}
BOTH = {"estudia": 1, "trabaja": 1}
NEITHER = {"estudia": 5, "trabaja": 4}
SILENCE = Someone(disposition=SILENT)
CROWD = [SILENCE] * 23  # so that the generation is not so small that nothing is told


def of_unit(session: Session, unit_id: UUID, questionnaire: int = 2) -> WaveOfUnit:
    return WaveOfUnit(session.get_one(OrganisationUnit, unit_id), COHORT, questionnaire)


def own(unit_id: UUID) -> Scope:
    return Scope((Reach(unit_id),))


def figure(report: IndicatorsReport, name: str, category: str = "si") -> IndicatorRow:
    (found,) = (r for r in report.figures if (r.id, r.category) == (name, category))
    return found


def told(row: IndicatorRow) -> tuple[int | None, int | None, float | None]:
    return (row.numerator, row.base, row.value)


def test_rates_of_the_published_example(db: Database) -> None:
    """domain.md T1; its case of unknown household is one more of unknown eligibility."""
    groups = [
        *([Disposition.COMPLETE] * 4),
        *([Disposition.PARTIAL] * 2),
        *(Disposition.REFUSED, Disposition.UNDELIVERABLE, Disposition.OTHER),
        Disposition.NOT_ELIGIBLE,
    ]
    people = [Someone({2: STUDIES}, disposition=one) for one in groups]
    people += [Someone(disposition=SILENT, confirmed=False)] * 2
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)

    with db.reading() as session:
        report = rates_report(session, WHOLE, of_unit(session, school))

    counts, rates = report.counts, report.rates
    assert (counts.I, counts.P, counts.R, counts.NC, counts.O) == (4, 2, 1, 1, 1)
    assert (counts.UO, counts.NE) == (2, 1)
    assert rates.e == Fraction(9, 10)
    assert (rates.rr1, rates.rr2) == (Fraction(4, 11), Fraction(6, 11))
    assert (rates.rr3, rates.rr5, rates.rr6) == (Fraction(10, 27), Fraction(4, 9), Fraction(2, 3))
    assert (rates.con1, rates.ref1, rates.coop1) == (
        Fraction(8, 11),
        Fraction(1, 11),
        Fraction(1, 2),
    )
    assert report.frame == 11


def test_who_is_known_by_themselves_and_through_others(db: Database) -> None:
    people = [
        answered(2, **STUDIES),
        answered(2, estudia=1),  # half of the core
        Someone(disposition=SILENT, source="familiar"),
        Someone({2: WORKS}, source="institución"),  # told first, and then answered
        Someone(disposition=Disposition.NOT_ELIGIBLE, source="docente"),
        SILENCE,
    ]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)

    with db.reading() as session:
        report = rates_report(session, WHOLE, of_unit(session, school))

    assert (report.self_reported, report.verified, report.frame) == (2, 1, 5)
    assert report.knowledge_rate == Fraction(3, 5)
    assert report.rates.rr2 == Fraction(3, 5)


def test_both_denominators_when_people_join_late(db: Database) -> None:
    denied = Someone(disposition=Disposition.NOT_ELIGIBLE)
    people = [answered(2, **WORKS), SILENCE, denied, Someone(disposition=SILENT, late=True)]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)

    with db.reading() as session:
        report = rates_report(session, WHOLE, of_unit(session, school))

    assert (report.frame, report.frame_at_opening, report.late) == (3, 2, 1)


def test_first_outcomes_of_known_answers(db: Database) -> None:
    """15 of 25 out of 30 is domain.md T6: Wilson with finite population (.5187, .6762)."""
    people = [answered(2, **STUDIES)] * 9 + [answered(2, **BOTH)] * 6
    people += [answered(2, **WORKS)] * 7 + [answered(2, **NEITHER)] * 3 + [SILENCE] * 5
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)

    with db.reading() as session:
        report = indicators_report(session, own(school), of_unit(session, school), now=LATER)

    assert report.audience is Audience.OWN
    higher = figure(report, "H1")
    assert told(higher) == (15, 25, 0.6)
    assert (round(higher.low or 0, 4), round(higher.high or 0, 4)) == (0.5187, 0.6762)
    assert told(figure(report, "L1")) == (13, 25, 0.52)
    assert [figure(report, "S1", c.id).numerator for c in outcomes_of(2)[0].categories] == [
        9,
        7,
        6,
        3,
    ]


def test_what_is_not_an_answer_is_in_no_base(db: Database) -> None:
    people = [
        answered(2, **STUDIES),
        answered(2, trabaja=1),  # whether they study was left blank
        Someone({2: STUDIES}, disposition=Disposition.BREAK_OFF),
        Someone({2: {"trabaja": 1}}, missing={"estudia": -98}),
        *CROWD,
    ]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)

    with db.reading() as session:
        report = indicators_report(session, own(school), of_unit(session, school), now=LATER)

    assert told(figure(report, "H1")) == (1, 1, 1.0)
    assert told(figure(report, "L1")) == (2, 3, 2 / 3)


def test_an_answer_that_no_longer_applies_is_not_counted(db: Database) -> None:
    """The first choice was answered before they said that they do not study."""
    people = [answered(2, **STUDIES, primera_opcion=1), answered(2, **WORKS, primera_opcion=1)]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)

    with db.reading() as session:
        frame = datasets.analysis_frame(session, WHOLE, school, COHORT, 2)

    assert sorted(str(row.get("primera_opcion")) for row in frame.rows) == ["1", "None"]


def test_the_plan_of_the_same_person_is_beside_their_situation(db: Database) -> None:
    kept = Someone({1: {"plan_egreso": 1}, 2: STUDIES})
    changed = Someone({1: {"plan_egreso": 2}, 2: STUDIES})
    never_asked = answered(2, **STUDIES)
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, [kept, kept, changed, never_asked, *CROWD])

    with db.reading() as session:
        report = indicators_report(session, own(school), of_unit(session, school), now=LATER)

    assert told(figure(report, "X2")) == (2, 3, 2 / 3)


def test_plan_and_satisfaction_of_the_first_questionnaire(db: Database) -> None:
    plans = [1, 1, 1, 3, 2, 9]
    people = [answered(1, plan_egreso=plan, satisfaccion_global=4) for plan in plans]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 1, [*people, *CROWD])

    with db.reading() as session:
        report = indicators_report(session, own(school), of_unit(session, school, 1), now=LATER)

    assert told(figure(report, "X0", "solo_estudiar")) == (3, 6, 0.5)
    assert told(figure(report, "X0b")) == (4, 6, 4 / 6)
    assert told(figure(report, "C1t")) == (6, 6, 1.0)


SEVEN = [answered(2, **STUDIES)] * 3 + [answered(2, **WORKS)] * 2 + [answered(2, **BOTH)] * 2


def test_few_answers_of_a_larger_generation_are_told_with_a_warning(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, [*SEVEN, *CROWD])

    with db.reading() as session:
        report = indicators_report(session, own(school), of_unit(session, school), now=LATER)

    assert told(figure(report, "H1")) == (5, 7, 5 / 7)
    assert figure(report, "H1").reason == Reason.CAREFUL
    # Unemployment of so few is told to nobody (domain.md L3).
    assert {row.id for row in report.figures if row.withheld} == {"L3"}


def test_not_even_its_own_staff_reads_who_of_seven_answered_what(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, SEVEN)

    with db.reading() as session:
        report = indicators_report(session, own(school), of_unit(session, school), now=LATER)

    assert report.small
    assert all(row.value is None for row in report.figures)
    assert all(row.reason for row in report.figures if row.withheld)


@pytest.mark.parametrize("audience", [Audience.OFFICE, Audience.PUBLIC])
def test_nobody_else_sees_an_outcome_of_a_school_of_seven(db: Database, audience: Audience) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, SEVEN)

    with db.reading() as session:
        report = indicators_report(
            session, WHOLE, of_unit(session, school), audience=audience, now=LATER
        )

    asked = [row for row in report.figures if row.id in {"S1", "S2", "S3", "S4", "H1", "L1"}]
    assert len(asked) == 9
    assert all(row.withheld and (row.numerator, row.value) == (None, None) for row in asked)
    assert all(row.reason and "personas" in row.reason for row in asked if row.base is None)
    assert all(row.reason and "juntar" in row.reason for row in asked)
    assert all(row.value is None for row in report.figures)


MIXED = [
    *([answered(2, **STUDIES)] * 6),
    *([answered(2, **WORKS)] * 6),
    *([answered(2, **BOTH)] * 5),
    *([answered(2, **NEITHER)] * 4),
]


CODES = ("15ECT0001A", "15ECT0002B", "15ECT0003C")


def office_report(db: Database, codes: Sequence[str]) -> IndicatorsReport:
    """What an office reads of schools that closed on the same day."""
    with db.unit_of_work() as session:
        state = an_office(session)
        for code in codes:
            a_surveyed_school(session, 2, MIXED, code=code, office=state)
    settled(db)
    with db.reading() as session:
        return indicators_report(session, own(state), of_unit(session, state), now=LATER)


def test_an_office_of_three_schools_adds_them_up(db: Database) -> None:
    report = office_report(db, CODES)

    assert report.audience is Audience.OFFICE
    assert told(figure(report, "S1", "solo_estudia")) == (18, 63, 18 / 63)
    assert told(figure(report, "S1", "ninguna")) == (12, 63, 12 / 63)


def test_an_office_of_two_schools_does_not(db: Database) -> None:
    report = office_report(db, CODES[:2])

    assert report.audience is Audience.OFFICE
    assert figure(report, "S1", "ninguna").value is None


def test_a_school_that_closes_alone_is_added_when_others_come(db: Database) -> None:
    """Else the sum of today less that of yesterday would be its own counts."""
    before = office_report(db, CODES)
    reports = []
    for more in (["15ECT0004D"], ["15ECT0005E", "15ECT0006F"]):
        with db.unit_of_work() as session:
            state = session.exec(
                select(OrganisationUnit.id).where(OrganisationUnit.kind == UnitKind.STATE)
            ).one()
            for code in more:
                a_surveyed_school(session, 2, MIXED, code=code, office=state)
        settled(db)
        with db.reading() as session:
            reports.append(
                indicators_report(session, own(state), of_unit(session, state), now=LATER)
            )

    alone, together = reports
    assert alone.figures == before.figures
    assert alone.editions is not None
    assert (alone.editions.schools, alone.editions.waiting) == (3, 1)
    assert together.editions is not None
    assert (together.editions.schools, together.editions.waiting) == (6, 0)
    assert told(figure(together, "S1", "solo_estudia")) == (36, 126, 36 / 126)


def test_an_office_reads_no_sum_of_what_is_in_the_field(db: Database) -> None:
    with db.unit_of_work() as session:
        state = an_office(session)
        schools = [a_surveyed_school(session, 2, MIXED, code=c, office=state) for c in CODES]
        for wave in session.exec(select(Wave)).all():
            wave.state = WaveState.OPEN
    settled(db)

    with db.reading() as session:
        report = indicators_report(session, own(state), of_unit(session, state), now=LATER)
        one = indicators_report(session, WHOLE, of_unit(session, schools[0]), now=LATER)

    assert report.editions is not None
    assert (report.editions.schools, report.editions.waiting) == (0, 3)
    assert not any(row.value for row in report.figures)
    assert one.editions is not None
    assert one.editions.kind is EditionKind.STEP


def test_a_sum_does_not_say_what_the_one_small_school_of_it_hides(db: Database) -> None:
    """The sum less the two schools that are told would be the seven persons of the third."""
    with db.unit_of_work() as session:
        state = an_office(session)
        for code, people in (("15ECT0001A", MIXED * 4), ("15ECT0002B", MIXED * 4)):
            a_surveyed_school(session, 2, people, code=code, office=state)
        a_surveyed_school(session, 2, SEVEN, code="15ECT0003C", office=state)
    settled(db)

    with db.reading() as session:
        report = indicators_report(session, own(state), of_unit(session, state), now=LATER)

    gone = [row for row in report.figures if row.id in {"S1", "S2", "S3", "S4", "H1", "L1"}]
    assert len(gone) == 9
    assert all(row.withheld and row.numerator is row.value is None for row in gone)
    assert {row.reason for row in gone} == {Reason.PARTS}
    # What the two tell may be added up (test_told_part.py): here that nobody is linked.
    assert [(row.id, row.numerator, row.base) for row in report.in_part] == [("X1e", 0, 168)]


def test_a_reader_may_ask_for_less_and_not_for_more(db: Database) -> None:
    with db.unit_of_work() as session:
        state = an_office(session)
        school = a_surveyed_school(session, 2, SEVEN, office=state)

    with db.reading() as session:
        asked = of_unit(session, school)
        less = indicators_report(session, own(school), asked, audience=Audience.PUBLIC, now=LATER)
        with pytest.raises(AudienceNotYours):
            indicators_report(session, own(state), asked, audience=Audience.OWN, now=LATER)

    assert less.audience is Audience.PUBLIC


def test_what_is_not_in_the_scope_was_never_fielded(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, SEVEN)
        other = a_surveyed_school(session, 2, SEVEN, code="15ECT0002B")

    with db.reading() as session:
        asked = of_unit(session, school)
        assert rates_report(session, own(school), asked).frame == 7
        with pytest.raises(NothingFielded):
            rates_report(session, own(other), asked)
        with pytest.raises(NothingFielded):
            rates_report(session, own(school), of_unit(session, school, 3))
        with pytest.raises(NothingFielded):
            rates_report(session, WHOLE, WaveOfUnit(asked.unit, Cohort(2020, 2023), 2))


def _note(count: Counter[str]) -> Callable[..., None]:
    return lambda *said: count.update([said[2]])


def test_a_frame_takes_as_many_queries_for_one_person_as_for_thirty(db: Database) -> None:
    asked: dict[int, int] = {}
    for size, code in ((1, "15ECT0001A"), (30, "15ECT0002B")):
        with db.unit_of_work() as session:
            school = a_surveyed_school(session, 2, [answered(2, **STUDIES)] * size, code=code)
        with db.reading() as session:
            datasets.analysis_frame(session, WHOLE, school, COHORT, 2)  # versions parsed once
            count = Counter[str]()
            event.listen(session.connection(), "before_cursor_execute", _note(count))
            frame = datasets.analysis_frame(session, WHOLE, school, COHORT, 2)
        asked[size] = count.total()
        assert len(frame.rows) == size

    assert asked[1] == asked[30] == 4


def test_no_row_holds_a_name_a_contact_or_a_text(db: Database) -> None:
    said = {"ies_nombre": "Universidad de Toluca", "comentario": "soy Ana"}
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, [answered(2, **STUDIES, **said)])

    with db.reading() as session:
        frame = datasets.analysis_frame(session, WHOLE, school, COHORT, 2)

    texts = {str(value) for row in frame.rows for value in row.values()}
    assert not {"Ana", "Núñez", "ana@x.mx", *said.values()} & texts
    assert {str(value) for value in next(iter(frame.rows)).values()} >= {"M", "15106"}


def test_a_crossing_is_told_whole_or_not_at_all(db: Database) -> None:
    half = [("H", STUDIES, 12), ("H", WORKS, 13), ("M", STUDIES, 14), ("M", WORKS, 11)]
    people = [Someone({2: given}, sex=sex) for sex, given, n in half for _ in range(n)]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)
        lonely = a_surveyed_school(
            session, 2, [*people, Someone({2: STUDIES}, sex="X")], code="15ECT0002B"
        )

    with db.reading() as session:
        shown = indicators_report(
            session, own(school), of_unit(session, school), by="sexo", now=LATER
        )
        hidden = indicators_report(
            session, own(lonely), of_unit(session, lonely), by="sexo", now=LATER
        )
        with pytest.raises(TraitNotOffered):
            indicators_report(session, own(school), of_unit(session, school), by="curp", now=LATER)

    # S1 has categories of nobody, so of its family only one line is told.
    assert all(one.row.withheld for one in shown.crossed if one.row.id in {"S1", "H1", "L1"})
    found = {(one.row.id, one.group): told(one.row) for one in shown.crossed if one.row.value}
    assert found["S2", "H"] == (12, 25, 12 / 25)
    assert found["S2", "M"] == (14, 25, 14 / 25)
    assert all(one.row.withheld and one.row.base is None for one in hidden.crossed)


def test_an_office_of_three_schools_may_cross_everything(db: Database) -> None:
    with db.unit_of_work() as session:
        state = an_office(session)
        for code in ("15ECT0001A", "15ECT0002B", "15ECT0003C"):
            people = [Someone({2: STUDIES}, sex="H"), Someone({2: WORKS}, sex="M")] * 6
            people += [Someone({2: NEITHER}, sex="H"), Someone({2: BOTH}, sex="M")] * 4
            a_surveyed_school(session, 2, people, code=code, office=state)
    settled(db)

    with db.reading() as session:
        report = indicators_report(
            session, own(state), of_unit(session, state), by="sexo", now=LATER
        )

    found = {(one.row.id, one.group): told(one.row) for one in report.crossed}
    assert (found["H1", "H"], found["H1", "M"]) == ((18, 30, 0.6), (12, 30, 0.4))


def test_a_typed_town_counts_where_the_catalogue_knows_it(db: Database, now: datetime) -> None:
    """S7 needs codes; a phone sends what people read."""
    towns = ["Guadalajara, Jalisco"] * 30 + ["Zapopan, Jalisco"] * 10 + ["Atlantis, Jalisco"] * 4
    people = [Someone({2: {**STUDIES, "municipio_residencia": town}}) for town in towns]
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 2, people)
        session.get_one(OrganisationUnit, school).municipality = "14120"
    reports = []
    for known in (False, True):
        with db.unit_of_work() as session:
            if known:
                import_municipalities(session, OURS.encode(), edition="1", source="x", now=now)
            wave = of_unit(session, school)
            reports.append(indicators_report(session, own(school), wave, now=LATER))

    assert [told(figure(one, "S7"))[:2] for one in reports] == [(0, 0), (30, 40)]
