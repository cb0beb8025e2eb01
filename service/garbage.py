"""When Python searches for garbage in cycles: not while modules are imported.

Imports create many objects and leave few behind, but Python's collector walks all of them again and
again, which takes a quarter of a start's CPU.
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
