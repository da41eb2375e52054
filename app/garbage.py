"""When Python looks for reference cycles: not among millions of objects that have none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """No search for reference cycles among old objects meanwhile.

    A roster, or the editions of a nation, make millions of small objects and hardly a cycle; to
    look for them again and again took from a third to a half of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
