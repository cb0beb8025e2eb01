"""Pause Python's cyclic garbage collector while modules are imported.

Imports create many objects and little garbage, but the collector walks all objects repeatedly,
which takes a quarter of a start's CPU.
"""

import gc


def pause() -> None:
    """Stop the collector."""
    gc.disable()


def resume() -> None:
    """Start it again, if it is paused; it ignores what exists now, which stays to the end.

    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
