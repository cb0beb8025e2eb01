"""Test files that run one after another in one process of pytest-xdist.

The browser tests of a process share one browser and one API, which take as long to start as
several tests. With `--dist loadfile` alone, other files would come between them.
"""

# Each takes about as long as the others, and runs in alphabetical order. Any further file is a unit
# of its own.
TOGETHER = (
    ("outages", "client", "endurance", "login"),
    ("history", "accessibility"),
    ("refresh", "rows", "alerts", "standby"),
    ("verdict", "incidents", "quality", "views"),
)
_FIRST = {
    f"tests/web/test_{name}.py": f"tests/web/test_{names[0]}.py"
    for names in TOGETHER
    for name in names
}


def unit(node_id: str) -> str:
    """Return the file that names a test's unit: the first of several, or the test's own."""
    file = node_id.partition("::")[0]
    return _FIRST.get(file, file)
