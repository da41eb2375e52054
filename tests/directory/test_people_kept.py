"""Contacts, consents, notices, corrections, merges, searches and the frame."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from app.chronology.wave_plan import Cohort
from app.db.transactions import Database
from app.directory.actions import (
    Correction,
    MergeRefused,
    StudentIdTaken,
    ask_correction,
    compare_members,
    correct_member,
    merge_members,
    settle_correction,
    withdraw_member,
)
from app.directory.consents import (
    current_consents,
    has_opted_out,
    opt_out,
    record_consent,
    withdraw_opt_out,
)
from app.directory.contacts import (
    add_contact,
    confirm_contact,
    count_soft_bounce,
    find_holders,
    mark_dead,
    prefer_contact,
    read_address,
    set_alternate,
    usable_contacts,
    withdraw_contact,
)
from app.directory.frame import exit_date, is_minor
from app.directory.matching import Likeness
from app.directory.notices import (
    Institution,
    NoticeIncomplete,
    NoticeMissing,
    NoticeText,
    default_notice,
    notice_in_force,
    publish_notice,
)
from app.directory.person_page import person_page
from app.directory.queries import (
    PeopleFilter,
    cohort_counts,
    find_people,
    group_counts,
    prefilled,
    sampling_frame,
)
from app.directory.states import ContactKind, ContactSource, ContactState, Standing
from app.directory.tables import AlternateContact, ImportState, PanelMember
from app.directory.uploads import (
    UploadDecided,
    close_upload,
    keep_upload,
    set_columns,
    upload_content,
)
from app.errors import NotFound
from app.units.scope import WHOLE, Reach, Scope
from app.units.tables import OrganisationUnit, StudentGroup, UnitKind
from tests.directory.builders import ANA, JOSE, KEYS, LIST_OF_TWO, load, two_schools

MAIL, MOBILE = ContactKind.EMAIL, ContactKind.MOBILE
OWN, OFFICE, ROSTER = ContactSource.RESPONDENT, ContactSource.STAFF, ContactSource.ROSTER


def members(db: Database) -> dict[str, PanelMember]:
    with db.reading() as session:
        return {each.given_name: each for each in session.exec(select(PanelMember))}


def test_addresses_come_best_first_and_masked(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    with db.unit_of_work() as session:
        for text, source in (("jose@cbtis1.edu.mx", ROSTER), ("mio@gmail.com", OWN)):
            address = read_address(MAIL, text)
            add_contact(session, jose, address, source=source, keys=KEYS, now=now)

    with db.unit_of_work() as session:
        mails = usable_contacts(session, jose, kind=MAIL)
        prefer_contact(session, jose, MOBILE)
    with db.reading() as session:
        first = usable_contacts(session, jose)[0]

    assert [each.value for each in mails] == [
        "mio@gmail.com", "jose@gmail.com", "jose@cbtis1.edu.mx",
    ]  # fmt: skip
    assert (mails[0].shown, first.shown) == ("m•••@gmail.com", "••78")


def test_an_address_is_given_up_and_taken_up_again(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    address = read_address(MAIL, "JOSE@gmail.com")

    with db.unit_of_work() as session:
        (contact,) = usable_contacts(session, jose, kind=MAIL)
        assert [count_soft_bounce(session, contact.id) for _ in range(2)] == [1, 2]
        assert find_holders(session, address.key, KEYS) == [(contact.id, jose)]
        assert mark_dead(session, contact.id)
        assert not mark_dead(session, contact.id)
        assert not confirm_contact(session, contact.id, now=now)
        add_contact(session, jose, address, source=ROSTER, keys=KEYS, now=now)
        assert usable_contacts(session, jose, kind=MAIL) == ()
        add_contact(session, jose, address, source=OFFICE, keys=KEYS, now=now)
        (again,) = usable_contacts(session, jose, kind=MAIL)
        assert withdraw_contact(session, again.id)
        add_contact(session, jose, address, source=OFFICE, keys=KEYS, now=now)
        assert usable_contacts(session, jose, kind=MAIL) == ()
        add_contact(session, jose, address, source=OWN, keys=KEYS, now=now, whatsapp=False)
        (own,) = usable_contacts(session, jose, kind=MAIL)

    assert (again.state, own.state, own.source) == (
        ContactState.UNCONFIRMED, ContactState.CONFIRMED, OWN,
    )  # fmt: skip
    assert contact.id == again.id == own.id


def test_a_member_has_one_alternate_contact(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    with db.unit_of_work() as session:
        for name in ("Luz", "Eva"):
            set_alternate(session, jose, name=name, phone="5512345678", relationship="1",
                          source=OWN, now=now)  # fmt: skip

    with db.reading() as session:
        (alternate,) = session.exec(select(AlternateContact)).all()
    assert (alternate.name, alternate.phone) == ("Eva", "+525512345678")


def test_consents_are_only_added_to_and_the_newest_counts(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    with db.unit_of_work() as session:
        for minutes, granted in enumerate((True, True, False)):
            at = now + timedelta(minutes=minutes)
            record_consent(session, jose, "autoriza_ofertas", granted, now=at)

    with db.reading() as session:
        current = current_consents(session, jose)
    assert (current["autoriza_ofertas"].granted, current["autoriza_ofertas"].at) == (
        False, now + timedelta(minutes=2),
    )  # fmt: skip


def test_no_more_messages_can_be_said_and_taken_back(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    with db.unit_of_work() as session:
        said = [opt_out(session, jose, source="page", now=now) for _ in range(2)]
        silent = has_opted_out(session, jose)
        back = [withdraw_opt_out(session, jose) for _ in range(2)]

    assert (said, silent, back) == ([True, False], True, [True, False])


def test_the_notice_of_the_nearest_unit_is_in_force(db: Database, now: datetime) -> None:
    school, other = two_schools(db)
    with db.unit_of_work() as session:
        office = OrganisationUnit(code="SUB", name="DGETI", kind=UnitKind.SUBSYSTEM,
                                  time_zone="America/Mexico_City")  # fmt: skip
        session.add(office)
        session.flush()
        session.get_one(OrganisationUnit, school.id).subsystem_parent_id = office.id
        text = default_notice(
            Institution("CETIS 1", "Calle 1", "Ley X, artículo 2", "transparencia@x.mx", "x.mx/a")
        )
        publish_notice(session, office.id, text, now=now)
        publish_notice(session, office.id, text, now=now)
        above = notice_in_force(session, school.id)
        publish_notice(session, school.id, NoticeText("corto", "largo"), now=now)
        own = notice_in_force(session, school.id)
        with pytest.raises(NoticeMissing):
            notice_in_force(session, other.id)
        with pytest.raises(NoticeIncomplete, match="incomplete"):
            publish_notice(session, other.id, NoticeText("corto", " "), now=now)

    assert (above.version, above.unit_id, own.version) == (2, office.id, 1)
    assert "Ley X, artículo 2" in above.full_text
    assert "CETIS 1" in above.short_text


def test_a_correction_tells_names_of_fields_never_values(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    change = Correction(given_name=" José  Luis ", birth_date=date(2008, 3, 2), surname_2="")

    with db.unit_of_work() as session:
        first = correct_member(session, jose, change, keys=KEYS, now=now)
        again = correct_member(session, jose, change, keys=KEYS, now=now)
    with db.unit_of_work() as session, pytest.raises(StudentIdTaken):
        correct_member(session, jose, Correction(student_id="002"), keys=KEYS, now=now)
    with db.reading() as session:
        page = find_people(session, WHOLE, PeopleFilter(text="jose luis munoz"), keys=KEYS)

    assert (first, again) == (("given_name", "surname_2", "birth_date"), ())
    assert [each.name for each in page.people] == ["José Luis Muñoz"]


def test_two_members_become_one_with_their_belongings(db: Database, now: datetime) -> None:
    school, other = two_schools(db)
    load(db, LIST_OF_TWO, now, school)
    load(db, 'NOMBRE COMPLETO,SEXO,CORREO\n"Munos Pena, Jose",H,otro@gmail.com\n', now, school)
    everybody = members(db)
    keep, drop = everybody["Jose"].id, everybody["José"].id
    with db.unit_of_work() as session:
        record_consent(session, drop, "autoriza_ofertas", True, now=now)
        opt_out(session, drop, source="page", now=now)
        compared = compare_members(session, keep, drop)
        moved = merge_members(session, keep, drop, now=now)
        with pytest.raises(MergeRefused):
            merge_members(session, keep, drop, now=now)
        with pytest.raises(MergeRefused):
            merge_members(session, keep, keep, now=now)

    with db.reading() as session:
        row = session.get_one(PanelMember, keep)
        reached = usable_contacts(session, keep)
        assert has_opted_out(session, keep)
        assert "autoriza_ofertas" in current_consents(session, keep)
    assert compared.likeness is Likeness.DIFFERENT
    assert (row.student_id, row.curp, len(reached)) == ("001", JOSE, 3)
    assert {"student_id", "curp", "contact_point", "consent", "opt_out"} <= set(moved)
    assert load(db, LIST_OF_TWO, now, school).created == 0

    with db.unit_of_work() as session:
        session.get_one(PanelMember, keep).school_id = other.id
    with db.unit_of_work() as session, pytest.raises(MergeRefused) as caught:
        merge_members(session, keep, everybody["Ana"].id, now=now)
    assert "traslado" in caught.value.mensaje


def test_leaving_the_panel_closes_every_address(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    with db.unit_of_work() as session:
        withdraw_member(session, jose, source="page", now=now)
        request = ask_correction(session, jose, "mi nombre", now=now)
        settled = [settle_correction(session, request, now=now) for _ in range(2)]

    with db.reading() as session:
        assert (usable_contacts(session, jose), has_opted_out(session, jose)) == ((), True)
    assert settled == [True, False]


def test_people_are_found_by_name_number_and_curp_within_scope(
    db: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    alicia, carla = two_schools(db)
    load(db, LIST_OF_TWO, now, alicia)
    with db.reading() as session:
        group = session.exec(select(StudentGroup)).one().id

    def found(text: str, scope: Scope = WHOLE) -> list[str]:
        with db.reading() as session:
            page = find_people(session, scope, PeopleFilter(text=text), keys=KEYS)
            return [each.name for each in page.people]

    assert found("") == ["Ana López de la Cruz", "José Muñoz Peña"]
    assert found("munoz jo") == found("001") == found(JOSE) == ["José Muñoz Peña"]
    assert found("nadie") == []
    assert found("", Scope((Reach(alicia.id),))) == found("")
    assert found("", Scope((Reach(alicia.id, frozenset({group})),))) == found("")
    assert found("", Scope((Reach(carla.id),))) == []
    assert found(JOSE, Scope((Reach(carla.id),))) == []
    monkeypatch.setattr("app.directory.queries.NAMES_READ", 1)
    assert found("muñoz peña josé") == found("José Muñoz Peña") == ["José Muñoz Peña"]
    assert found("muñoz") == []
    assert found("") == ["José Muñoz Peña", "Ana López de la Cruz"]  # by matrícula


def test_filters_pages_and_counts(db: Database, now: datetime) -> None:
    school, _ = two_schools(db)
    load(db, LIST_OF_TWO, now, school)
    everybody = members(db)
    jose, ana = everybody["José"], everybody["Ana"]
    with db.unit_of_work() as session:
        opt_out(session, ana.id, source="page", now=now)
        session.get_one(PanelMember, ana.id).standing = Standing.LEFT
    with db.reading() as session:
        pages = [
            find_people(session, WHOLE, PeopleFilter(), keys=KEYS, page=page, size=1)
            for page in (1, 2, 3)
        ]
        filters = (
            PeopleFilter(contactable=True), PeopleFilter(contactable=False),
            PeopleFilter(standing=Standing.LEFT, cohort_id=ana.cohort_id, group_id=ana.group_id,
                         programme_id=ana.programme_id, school_id=school.id),
        )  # fmt: skip
        names = [
            [each.name for each in find_people(session, WHOLE, wanted, keys=KEYS).people]
            for wanted in filters
        ]
        (cohort,) = cohort_counts(session, WHOLE, school.id)
        (group,) = group_counts(session, WHOLE, jose.cohort_id)

    assert [(page.total, len(page.people)) for page in pages] == [(2, 1), (2, 1), (2, 0)]
    assert names == [["José Muñoz Peña"], ["Ana López de la Cruz"], ["Ana López de la Cruz"]]
    assert (cohort.name, cohort.members, cohort.left, cohort.contactable) == ("2023-2026", 2, 1, 1)
    assert (group.name, group.members, group.graduated) == ("6.º A", 2, 0)


def test_the_frame_leaves_out_who_did_not_graduate(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    everybody = members(db)
    jose, ana = everybody["José"], everybody["Ana"]
    with db.unit_of_work() as session:
        record_consent(session, jose.id, "autoriza_seguimiento", False, now=now)
        later = now + timedelta(days=1)
        record_consent(session, ana.id, "autoriza_seguimiento", False, now=now)
        record_consent(session, ana.id, "autoriza_seguimiento", True, now=later)
        session.get_one(PanelMember, ana.id).standing = Standing.GRADUATED

    with db.unit_of_work() as session:
        first = {
            r.member_id: r for r in sampling_frame(session, jose.cohort_id, 1, on=date(2026, 5, 1))
        }
        second = {
            r.member_id: r for r in sampling_frame(session, jose.cohort_id, 2, on=date(2026, 10, 1))
        }
        session.get_one(PanelMember, jose.id).standing = Standing.LEFT
        session.flush()
        third = sampling_frame(session, jose.cohort_id, 3, on=date(2027, 10, 1))

    assert [(first[m.id].confirmed, first[m.id].follow_up_refused) for m in (jose, ana)] == [
        (True, False), (True, False),
    ]  # fmt: skip
    assert [(second[m.id].confirmed, second[m.id].follow_up_refused) for m in (jose, ana)] == [
        (False, True), (True, False),
    ]  # fmt: skip
    assert (first[jose.id].minor, first[ana.id].minor) == (False, True)
    assert first[jose.id].has_usable_contact
    assert [each.member_id for each in third] == [ana.id]


def test_questionnaires_know_only_what_the_person_confirmed(db: Database, now: datetime) -> None:
    load(db, LIST_OF_TWO, now, two_schools(db)[0])
    jose = members(db)["José"].id
    with db.unit_of_work() as session:
        before = prefilled(session, jose, on=date(2026, 5, 1))
        for contact in usable_contacts(session, jose):
            confirm_contact(session, contact.id, now=now)
        after = prefilled(session, jose, on=date(2026, 5, 1))

    assert (before["celular_previo"], before["correo_previo"], before["ult2"]) == (
        False, False, None,
    )  # fmt: skip
    assert (after["celular_previo"], after["ult2"], after["correo_tapado"]) == (
        True, "78", "j•••@gmail.com",
    )  # fmt: skip
    assert (after["nombre"], after["tipo_bachillerato"], after["fecha_egreso"]) == (
        "José", 2, date(2026, 7, 31),
    )  # fmt: skip
    assert "curp" not in after
    assert JOSE not in after.values()
    assert ANA not in after.values()


@pytest.mark.parametrize(
    ("born", "on", "minor"),
    [
        ("2008-02-29", date(2026, 2, 28), True), ("2008-02-29", date(2026, 3, 1), False),
        ("2008-05-01", date(2026, 5, 1), False), (None, date(2026, 5, 1), None),
    ],
)  # fmt: skip
def test_minors_come_of_age_on_their_birthday(
    *, born: str | None, on: date, minor: bool | None
) -> None:
    assert is_minor(born, on) is minor


def test_a_cohort_leaves_on_the_last_day_of_its_month() -> None:
    assert exit_date(Cohort(2025, 2028), 2) == date(2028, 2, 29)


def test_a_file_waits_encrypted_for_its_decision_and_is_forgotten(db: Database) -> None:
    school, _ = two_schools(db)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with db.unit_of_work() as session:
        batch = keep_upload(session, school.id, b"NOMBRE\nAna", kind="roster",
                            file_name="a\x00.csv", staff_id=None, now=at)  # fmt: skip
        assert set_columns(session, batch, {0: "nombre_completo", 1: None})
        raw = session.connection().exec_driver_sql("select content from import_batch").scalar_one()
        kept = upload_content(session, batch)
        close_upload(session, batch, ImportState.APPLIED, counts={"rows": 1})
        with pytest.raises(UploadDecided):
            upload_content(session, batch)
        with pytest.raises(UploadDecided):
            close_upload(session, batch, ImportState.DISCARDED)

    assert kept == b"NOMBRE\nAna"
    assert str(raw).startswith("t1:")


def test_the_page_of_a_person_has_everything_and_only_in_scope(db: Database, now: datetime) -> None:
    alicia, carla = two_schools(db)
    load(db, LIST_OF_TWO, now, alicia)
    jose = members(db)["José"].id
    with db.unit_of_work() as session:
        notice = publish_notice(session, alicia.id, NoticeText("a", "b"), now=now)
        record_consent(session, jose, "aviso_q1", True, now=now, notice_id=notice)
        ask_correction(session, jose, "mi\x00 nombre", now=now)
        set_alternate(session, jose, name="Luz", phone="5512345678", relationship=None,
                      source=OWN, now=now)  # fmt: skip

    with db.reading() as session:
        page = person_page(session, Scope((Reach(alicia.id),)), jose)
        with pytest.raises(NotFound):
            person_page(session, Scope((Reach(carla.id),)), jose)

    assert (page.full_name, page.curp, page.cohort) == ("José Muñoz Peña", JOSE, Cohort(2023, 2026))
    assert [(each.kind, each.state.value) for each in page.contacts] == [
        (MAIL, "unconfirmed"), (MOBILE, "unconfirmed"),
    ]  # fmt: skip
    assert [(each.granted.purpose, each.notice_version) for each in page.consents] == [
        ("aviso_q1", 1),
    ]  # fmt: skip
    assert ([each.text for each in page.requests], page.alternate) == (
        ["mi nombre"], "Luz · +525512345678",
    )  # fmt: skip
