"""Parse Python source."""

import ast
import gc


def parsed(source: str) -> ast.Module:
    """Parse like `ast.parse`, with the garbage collector off.

    On CPython 3.11 a collection inside of it can run Python code, as a callback of Hypothesis, and
    then it fails: "SystemError: AST constructor recursion depth mismatch"
    [github.com/python/cpython/issues/106905].
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if was_enabled:
            gc.enable()
