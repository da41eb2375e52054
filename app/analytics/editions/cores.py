"""Pieces of one long reckoning on two cores of the machine, the second in a process of its own.

Only where a process is a copy of this one (Linux): what it reckons with is not sent, and most of it
lies in memory once. Where it ends early, this one does its pieces too.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from typing import TypeVar

from app.garbage import collection_paused

One = TypeVar("One")
PATIENCE = 300  # seconds after this process is done; a copy of one with threads might hang


def on_two_cores(work: Callable[[int], One], pieces: int) -> Sequence[One]:
    """Each piece from 0 on, in order."""
    gc.freeze()  # else its collections would look at all memory, and write on it, and so copy it
    try:
        if sys.platform.startswith("linux") and len(os.sched_getaffinity(0)) > 1:
            return _with_a_helper(work, pieces)
        return [_worked(work, piece) for piece in range(pieces)]
    finally:
        gc.unfreeze()


def _with_a_helper(work: Callable[[int], One], pieces: int) -> Sequence[One]:
    context = get_context("fork")
    following = context.Value("i", 0)
    here, there = context.Pipe(duplex=False)
    helper = context.Process(target=_help, args=(there, work, following, pieces), daemon=True)
    helper.start()
    there.close()
    try:
        found = _taken(work, following, pieces)
        with suppress(EOFError):  # it was ended: what it took is done below
            if here.poll(PATIENCE):
                found |= here.recv()
    finally:
        helper.kill()
    helper.join()
    return [found[piece] if piece in found else _worked(work, piece) for piece in range(pieces)]


def _help(
    there: Connection, work: Callable[[int], One], following: "Synchronized[int]", pieces: int
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not what the worker does at its end
    there.send(_taken(work, following, pieces))


def _taken(
    work: Callable[[int], One], following: "Synchronized[int]", pieces: int
) -> dict[int, One]:
    """The pieces that nobody else took, one after the other."""
    found: dict[int, One] = {}
    while True:
        with following.get_lock():
            piece = following.value
            following.value += 1
        if piece >= pieces:
            return found
        found[piece] = _worked(work, piece)


def _worked(work: Callable[[int], One], piece: int) -> One:
    with collection_paused():
        found = work(piece)
    gc.collect()  # among what the piece made: the rest is frozen
    return found
