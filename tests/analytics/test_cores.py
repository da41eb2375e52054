"""Pieces of a reckoning on two cores: each is there once, whatever becomes of the helper."""

import os

import pytest

from app.analytics.editions.cores import on_two_cores

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
PIECES = 50


def test_the_pieces_are_in_their_order() -> None:
    assert on_two_cores(lambda piece: piece * piece, PIECES) == [n * n for n in range(PIECES)]


def test_what_a_helper_that_was_ended_took_is_done_here() -> None:
    here = os.getpid()

    def work(piece: int) -> int:
        if os.getpid() != here:
            os._exit(9)
        return piece

    assert on_two_cores(work, PIECES) == list(range(PIECES))


def test_what_goes_wrong_is_heard_of() -> None:
    def work(piece: int) -> int:
        return 1 // (piece - 7)

    with pytest.raises(ZeroDivisionError):
        on_two_cores(work, PIECES)
