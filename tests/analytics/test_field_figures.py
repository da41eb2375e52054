"""Notice, nucleus and directory of a school: a field of six people, counted by hand."""

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from app.analytics.field_figures import FieldFigures, Part, field_figures
from app.db.transactions import Database
from app.directory.states import ContactKind, ContactSource, ContactState
from app.directory.tables import AlternateContact, ContactPoint, PanelMember
from app.fieldwork.dispositions import Disposition
from app.fieldwork.tables import Case
from app.responses.tables import Response, ResponseMark
from app.units.scope import WHOLE, Scope
from tests.analytics.survey import COHORT, SILENT, Someone, a_surveyed_school
from tests.analytics.test_reports import of_unit

NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
# Told apart by a letter where their sex would stand; each has a mail address already.
PEOPLE = [
    Someone({1: {"plan_egreso": 1}}, sex="A"),
    Someone({1: {"plan_egreso": 2}}, sex="B"),
    Someone({1: {"satisfaccion_global": 4}}, sex="C"),
    Someone({}, disposition=Disposition.STARTED, sex="D"),
    Someone({}, disposition=SILENT, sex="E"),
    Someone({}, disposition=Disposition.NOT_ELIGIBLE, sex="F"),
]
MARKS = {
    "A": {"aviso_q1": 1, "autoriza_seguimiento": 1, "datos_correctos": 1},
    "B": {"aviso_q1": 1, "autoriza_seguimiento": 2, "datos_correctos": 2},
    "C": {"aviso_q1": 1},
}
ALSO = {
    "A": ("somebody",),
    "B": ("dead", "school"),
    "C": ("phone", "withdrawn"),
    "D": ("mail",),
    "F": ("phone", "dead"),
}
STATES = {"dead": ContactState.DEAD, "withdrawn": ContactState.WITHDRAWN}


def test_a_field_of_six(db: Database) -> None:
    with db.unit_of_work() as session:
        school = a_surveyed_school(session, 1, PEOPLE)
        for case, letter in session.exec(
            select(Case, PanelMember.sex).join(
                PanelMember, col(PanelMember.id) == col(Case.member_id)
            )
        ).all():
            note(session, case, MARKS.get(str(letter), {}))
            for way in ALSO.get(str(letter), ()):
                known_by(session, case, way)

    with db.reading() as session:
        unit = of_unit(session, school).unit.id
        found = field_figures(session, WHOLE, unit, COHORT, 1)
        out_of_reach = field_figures(session, Scope(), unit, COHORT, 1)

    assert found == FieldFigures(
        accepted=Part(3, 4),  # who was silent or is not eligible pressed nothing
        nucleus=Part(2, 5),
        corrected=Part(1, 3),
        reachable=Part(2, 5),  # two mails are one way, and the school's closes
        dead=Part(1, 9),
        allows=Part(1, 2),  # one was not asked
    )
    assert out_of_reach.reachable == Part(0, 0)
    assert out_of_reach.reachable.share is None


def note(session: Session, case: Case, marks: dict[str, int]) -> None:
    for name, code in marks.items():
        response = session.exec(select(Response).where(Response.case_id == case.id)).one()
        session.add(ResponseMark(response_id=response.id, variable=name, value=code))


def known_by(session: Session, case: Case, way: str) -> None:
    if way == "somebody":
        session.add(
            AlternateContact(
                member_id=case.member_id,
                name="Mi mamá",
                phone="+525512345678",
                source=ContactSource.RESPONDENT,
                added_at=NOW,
            )
        )
        return
    session.add(
        ContactPoint(
            member_id=case.member_id,
            kind=ContactKind.MOBILE if way == "phone" else ContactKind.EMAIL,
            value=f"{way}@correo.mx",
            value_hash=f"{case.member_id}{way}",
            source=ContactSource.ROSTER,
            state=STATES.get(way, ContactState.UNCONFIRMED),
            institutional=way == "school",
            added_at=NOW,
        )
    )
