"""Normal forms of names, CURPs, telephones and mail addresses."""

import unicodedata
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.directory.curp import CurpFault, NotACurp, check_digit, read_curp
from app.directory.mails import MailFault, NotAMail, masked, read_mail
from app.directory.matching import Identity, Likeness, same_person
from app.directory.people import (
    PersonName,
    clean,
    curp_letters,
    initials,
    odd_in_a_name,
    search_form,
    split_full_name,
    split_surnames,
)
from app.directory.phones import NotAPhone, PhoneFault, read_phone, split_phones
from app.directory.reference import mail_domains
from tests.directory.builders import a_curp


def test_accents_are_data_and_are_folded_only_to_search() -> None:
    name = PersonName(clean(" José\t Ángel "), clean("Muñoz"), clean("Peña"))

    assert (name.given, name.full) == ("José Ángel", "José Ángel Muñoz Peña")
    assert name.search == "munoz pena jose angel"
    assert initials(name) == "J. M. P."


@given(st.text())
@example("a\x00b\ud800\u200b\u0301e")
def test_clean_text_can_be_stored_anywhere(text: str) -> None:
    tidy = clean(text)

    assert clean(tidy) == tidy == tidy.strip()
    assert unicodedata.is_normalized("NFC", tidy)
    tidy.encode()  # no surrogates
    assert not any(unicodedata.category(each) in {"Cc", "Cf", "Cs"} for each in tidy)


@given(st.text())
@example("ı")
def test_search_forms_are_stable_and_plain(text: str) -> None:
    assert search_form(search_form(text)) == search_form(text)
    assert search_form(text.upper().lower()) == search_form(text.lower())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Peña", ("Peña", None)),
        ("de la Cruz Peña", ("de la Cruz", "Peña")),
        ("Muñoz de los Santos", ("Muñoz", "de los Santos")),
        ("", ("", None)),
    ],
)
def test_a_particle_belongs_to_the_surname_after_it(
    text: str, expected: tuple[str, str | None]
) -> None:
    assert split_surnames(text) == expected


@pytest.mark.parametrize(
    ("text", "surnames_first", "curp", "expected"),
    [
        ("Muñoz Peña, José Ángel", None, None, ("José Ángel", "Muñoz", "Peña")),
        ("Muñoz Peña José Ángel", None, None, ("José Ángel", "Muñoz", "Peña")),
        ("José Ángel Muñoz Peña", False, None, ("José Ángel", "Muñoz", "Peña")),
        ("Pedro Luis López Cruz", None, "LOCP", ("Pedro Luis", "López", "Cruz")),
        ("Muñoz José", None, None, ("José", "Muñoz", None)),
        ("José Muñoz", False, None, ("José", "Muñoz", None)),
    ],
)
def test_a_whole_name_is_split_by_comma_curp_or_heading(
    *,
    text: str,
    surnames_first: bool | None,
    curp: str | None,
    expected: tuple[str, str, str | None],
) -> None:
    assert split_full_name(text, surnames_first=surnames_first, curp=curp) == PersonName(*expected)


def test_one_word_is_no_whole_name() -> None:
    assert split_full_name("Cher", surnames_first=None) is None


def test_the_letters_of_a_curp_skip_jose_and_maria() -> None:
    assert curp_letters(PersonName("José Ángel", "Muñoz", "Peña")) == "MUPA"
    assert curp_letters(PersonName("Ana", "Ñol", None)) == "XOXA"


@pytest.mark.parametrize(("text", "odd"), [("O'Neil-Ruiz", None), ("Ana3", "3"), ("=1+1", "=")])
def test_signs_that_names_do_not_have_are_found(text: str, odd: str | None) -> None:
    assert odd_in_a_name(text) == odd


def test_a_curp_tells_birth_sex_and_state() -> None:
    young, old = read_curp(a_curp().lower()), read_curp(a_curp("MUPJ", "990301", "HNEXRS0"))

    assert (young.birth_date, young.sex, young.state) == (date(2008, 3, 1), "H", "DF")
    assert (old.birth_date, old.state, old.unusual_sex) == (date(1999, 3, 1), "NE", False)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (a_curp()[:-1], CurpFault.LENGTH),
        ("1" + a_curp()[1:], CurpFault.SHAPE),
        (a_curp("MUPJ", "080301", "ADFXRSA"), CurpFault.SEX),
        (a_curp("MUPJ", "080301", "HZZXRSA"), CurpFault.STATE),
        (a_curp("MUPJ", "080231"), CurpFault.BIRTH),
        (a_curp()[:-1] + str((int(a_curp()[-1]) + 1) % 10), CurpFault.CHECK),
    ],
)
def test_every_fault_of_a_curp_is_named(text: str, fault: CurpFault) -> None:
    with pytest.raises(NotACurp) as caught:
        read_curp(text)

    assert caught.value.fault is fault


@given(st.dates(date(1930, 1, 1), date(2029, 12, 31)), st.sampled_from("HMX"))
def test_a_curp_gives_back_the_birth_it_was_made_of(born: date, sex: str) -> None:
    tie = "A" if born.year >= 2000 else "0"
    curp = read_curp(a_curp("ABCD", f"{born:%y%m%d}", f"{sex}OCXRS{tie}"))

    assert (curp.birth_date, curp.sex) == (born, sex)
    assert check_digit(curp.text[:17]) == curp.text[17]


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("5512345678", "+525512345678"),
        ("(55) 1234-5678", "+525512345678"),
        ("044 55 1234 5678", "+525512345678"),
        ("045 5512345678", "+525512345678"),
        ("01 55 1234 5678", "+525512345678"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("5215512345678", "+525512345678"),
        ("525512345678", "+525512345678"),
        ("0052 55 1234 5678", "+525512345678"),
        ("5512345678 ext. 12", "+525512345678"),
        ("+1 415 555 2671", "+14155552671"),
        ("001 415 555 2671", "+14155552671"),
    ],
)
def test_a_telephone_is_kept_as_e164(text: str, e164: str) -> None:
    assert read_phone(text).e164 == e164


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("12345678", PhoneFault.FEW_DIGITS),
        ("55123456789", PhoneFault.MANY_DIGITS),
        ("55 no sé", PhoneFault.LETTERS),
        ("5.51235E+09", PhoneFault.SCIENTIFIC),
        ("5555555555", PhoneFault.PLACEHOLDER),
        ("0123456789", PhoneFault.IMPOSSIBLE),
        ("+999123456789", PhoneFault.IMPOSSIBLE),
        ("+1234", PhoneFault.IMPOSSIBLE),
    ],
)
def test_every_fault_of_a_telephone_is_named(text: str, fault: PhoneFault) -> None:
    with pytest.raises(NotAPhone) as caught:
        read_phone(text)

    assert caught.value.fault is fault


@given(st.from_regex(r"(55|33|81)[2-9][0-9]{7}", fullmatch=True),
       st.sampled_from(["", "044", "045", "01", "52", "521", "+52", "+521", "0052"]))  # fmt: skip
def test_old_prefixes_never_change_the_number(number: str, prefix: str) -> None:
    if len(set(number)) > 1:
        assert read_phone(prefix + number).e164 == "+52" + number


@given(st.text(max_size=40))
def test_whatever_is_typed_as_a_telephone_is_refused_or_read_the_same_again(text: str) -> None:
    try:
        phone = read_phone(text)
    except NotAPhone:
        return
    assert read_phone(phone.e164) == phone


def test_a_cell_may_hold_several_numbers() -> None:
    assert split_phones("55 1234 5678 / 5587654321 y 5511112222") == [
        "55 1234 5678", "5587654321", "5511112222",
    ]  # fmt: skip


def test_unassigned_numbers_are_kept_and_said() -> None:
    assert (read_phone("5512345678").assigned, read_phone("9012345678").assigned) == (True, False)


def test_a_mail_address_keeps_its_local_part_and_lowers_its_domain() -> None:
    mail = read_mail("Ana.Ruiz@GMAIL.com", mail_domains())

    assert (mail.address, mail.key) == ("Ana.Ruiz@gmail.com", "ana.ruiz@gmail.com")
    assert (mail.institutional, mail.suggestion, mail.ascii_only) == (False, None, True)
    assert mail.masked == masked(mail.address) == "A•••@gmail.com"


def test_typing_errors_are_asked_about_never_corrected() -> None:
    mail = read_mail("ana@gmial.com", mail_domains())

    assert (mail.address, mail.suggestion) == ("ana@gmial.com", "ana@gmail.com")


def test_school_accounts_accents_and_other_alphabets_are_told() -> None:
    domains = mail_domains()

    assert read_mail("ana@cbtis5.edu.mx", domains).institutional
    assert read_mail("ana@muñoz.mx", domains).address == "ana@xn--muoz-hqa.mx"
    assert not read_mail("anä@gmail.com", domains).ascii_only


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ana@x.mx\r\nBcc: all@x.mx", MailFault.CONTROL),
        ("ana@x.mx, eva@x.mx", MailFault.SEVERAL),
        ("ana.x.mx", MailFault.NO_AT),
        ("ana@gmail", MailFault.SHAPE),
        ("a..b@x.mx", MailFault.SHAPE),
    ],
)
def test_every_fault_of_a_mail_is_named(text: str, fault: MailFault) -> None:
    with pytest.raises(NotAMail) as caught:
        read_mail(text, mail_domains())

    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("other", "likeness"),
    [
        (Identity(PersonName("Jose", "Munoz", "Pena"), "C1"), Likeness.SAME),
        (Identity(PersonName("Luis", "Tun", "Chan"), "C1"), Likeness.CONTRADICTORY),
        (Identity(PersonName("José", "Muñoz"), None, "7"), Likeness.SAME),
        (Identity(PersonName("José", "Muñoz", "Peña"), "C2", "7"), Likeness.LIKELY),
        (Identity(PersonName("Luis", "Tun", "Chan"), None, "7"), Likeness.CONTRADICTORY),
        (Identity(PersonName("José", "Muñoz", "Peña"), None, "8", "2008-03-01"),
         Likeness.CONTRADICTORY),
        (Identity(PersonName("José", "Muñoz", "Peña"), None, None, "2008-03-01"), Likeness.SAME),
        (Identity(PersonName("José", "Muñoz", "Peña"), None, None, "2008-03-02"),
         Likeness.DIFFERENT),
        (Identity(PersonName("José", "Muñoz", "Peña")), Likeness.LIKELY),
        (Identity(PersonName("José", "Muñoz", "Peña"), "C2"), Likeness.DIFFERENT),
    ],
)  # fmt: skip
def test_the_same_person_is_told_with_a_reason(other: Identity, likeness: Likeness) -> None:
    jose = Identity(PersonName("José", "Muñoz", "Peña"), "C1", "7", "2008-03-01")

    compared = same_person(jose, other)

    assert compared.likeness is likeness
    assert compared.explanation.endswith(".")
    assert same_person(other, jose) == compared
