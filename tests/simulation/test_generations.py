"""The same seed is the same world; what has not happened yet is not told."""

from datetime import UTC, datetime
from itertools import pairwise

from app.chronology.wave_plan import Cohort
from app.fieldwork.dispositions import Disposition, may_follow
from tests.simulation.worlds import NOW, a_generation

MID_SPRING = datetime(2025, 5, 14, 18, tzinfo=UTC)


def test_the_same_seed_gives_the_same_generation() -> None:
    assert a_generation("uno", school=2) == a_generation("uno", school=2)


def test_another_seed_gives_another_generation() -> None:
    one, other = a_generation("uno", school=2), a_generation("dos", school=2)
    assert one.roster != other.roster
    assert one.histories != other.histories


def test_nothing_lies_in_the_future() -> None:
    lived = a_generation(now=MID_SPRING)
    assert [when.questionnaire for when in lived.timelines] == [1]
    for past in lived.histories:
        for case in past.cases:
            assert all(at <= MID_SPRING for _, at, _ in case.moves)
            assert all(at <= MID_SPRING for _, at in case.story.sent)
    answered = [case for past in lived.histories for case in past.cases if case.reply is not None]
    assert 0 < len(answered) < len(lived.histories)


def test_every_case_moves_as_the_transition_table_allows() -> None:
    cases = [case for past in a_generation(school=1).histories for case in past.cases]
    assert len({case.disposition for case in cases}) >= 6
    for case in cases:
        states = [Disposition.PLANNED, *(state for state, _, _ in case.moves)]
        assert states[-1] is case.disposition
        for before, after in pairwise(states):
            assert may_follow(before, after), (before, after)
        moments = [at for _, at, _ in case.moves]
        assert moments == sorted(moments)


def test_response_is_near_what_peers_see() -> None:
    """domain.md §5: some nine in ten in class, about half and somewhat less afterwards."""
    shares = {}
    for number in (1, 2, 3):
        cases = [
            case
            for past in a_generation(school=1, cohort=Cohort(2021, 2024)).histories
            for case in past.cases
            if case.questionnaire == number and not case.denied
        ]
        shares[number] = sum(case.disposition == "complete" for case in cases) / len(cases)
    assert 0.78 < shares[1] < 0.95
    assert 0.38 < shares[2] < 0.62
    assert 0.28 < shares[3] < 0.52


def test_addresses_die_with_time() -> None:
    lived = a_generation(school=1, cohort=Cohort(2021, 2024))
    assert lived.timelines[-1].closes_at < NOW
    states = [kept.state.value for past in lived.histories for kept in past.kept]
    assert 0.05 < states.count("dead") / len(states) < 0.5
