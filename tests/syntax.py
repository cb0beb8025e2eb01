"""Parse Python source, and find its imports."""

import ast
import functools
import gc
from pathlib import Path


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


def imports(path: Path) -> frozenset[str]:
    """Return every module that a file imports, at any place."""
    plain, named = _imports(path)
    return plain | {module for module, _ in named} | {f"{m}.{name}" for m, name in named}


def names_of(path: Path, module: str) -> frozenset[str]:
    """Return a file's imports from a module, as `module.name`."""
    return frozenset(f"{module}.{name}" for origin, name in _imports(path)[1] if origin == module)


@functools.cache  # many tests look at the same files
def _imports(path: Path) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return the modules that a file imports, and the names that it imports from modules."""
    plain, named = set(), set()
    for node in ast.walk(parsed(path.read_text())):
        if isinstance(node, ast.Import):
            plain |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {(node.module, alias.name) for alias in node.names}
    return frozenset(plain), frozenset(named)
