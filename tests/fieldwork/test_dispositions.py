import pytest

from app.fieldwork.dispositions import Disposition, Outcome, may_follow, outcome

MOVES = """
planned -> started             a student answers in class, never invited
planned -> refused             by telephone, before any message
undeliverable -> started       the mail bounced, the tutor's link arrived
undeliverable -> invited       another address was found
invited -> complete            a queue that was offline arrives in one batch
non_contact -> complete        answered in time, received after the close
break_off -> started           came back
partial -> not_eligible        control escolar denies the graduation
complete -> not_eligible       so it does here
refused -> started             changed their mind, same link
not_eligible -> planned        the denial was a mistake
"""


# The table of domain.md §3, "Dispositions and moves", row by row; names for sets of them.
SILENT = "invited undeliverable non_contact"
ANSWER = "started break_off partial complete"
TABLE = f"""
planned       NC  {SILENT} {ANSWER} refused other not_eligible
invited       NC  undeliverable non_contact {ANSWER} refused other not_eligible
undeliverable NC  invited non_contact {ANSWER} refused other not_eligible
non_contact   NC  invited undeliverable {ANSWER} refused other not_eligible
started       R   break_off partial complete refused other not_eligible
break_off     R   started partial complete refused other not_eligible
partial       P   complete refused not_eligible
complete      I   not_eligible
refused       R   started not_eligible
other         O   invited {ANSWER} not_eligible
not_eligible  NE  planned
"""


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1], ids=lambda line: line.split()[0])
def test_the_table_of_the_field(line: str) -> None:
    current, group, *following = line.split()

    allowed = {after for after in Disposition if may_follow(Disposition(current), after)}

    assert allowed == {Disposition(name) for name in following}
    assert outcome(Disposition(current), eligibility_confirmed=True) == Outcome(group)


@pytest.mark.parametrize("disposition", Disposition)
def test_the_unconfirmed_are_unknown_unless_they_answered(disposition: Disposition) -> None:
    confirmed = outcome(disposition, eligibility_confirmed=True)
    known_anyway = confirmed in {Outcome.COMPLETE, Outcome.PARTIAL, Outcome.NOT_ELIGIBLE}

    unconfirmed = outcome(disposition, eligibility_confirmed=False)

    assert unconfirmed is (confirmed if known_anyway else Outcome.UNKNOWN_ELIGIBILITY)


@pytest.mark.parametrize("line", MOVES.split("\n")[1:-1], ids=lambda line: line[:29].strip())
def test_moves_that_happen_in_a_school(line: str) -> None:
    current, _, following = line.split()[:3]

    assert may_follow(Disposition(current), Disposition(following))


@pytest.mark.parametrize("following", ["started", "invited", "refused", "partial"])
def test_an_answer_is_not_taken_back_by_a_move(following: str) -> None:
    assert not may_follow(Disposition.COMPLETE, Disposition(following))


@pytest.mark.parametrize("silent", ["planned", "invited", "undeliverable", "non_contact"])
def test_silence_is_unknown_only_while_graduation_is(silent: str) -> None:
    disposition = Disposition(silent)

    assert outcome(disposition, eligibility_confirmed=True) is Outcome.NON_CONTACT
    assert outcome(disposition, eligibility_confirmed=False) is Outcome.UNKNOWN_ELIGIBILITY


@pytest.mark.parametrize("disposition", Disposition)
def test_every_disposition_has_a_group_and_a_way_on(disposition: Disposition) -> None:
    assert outcome(disposition, eligibility_confirmed=True) in Outcome
    assert any(may_follow(disposition, following) for following in Disposition)
    assert not may_follow(disposition, disposition)
