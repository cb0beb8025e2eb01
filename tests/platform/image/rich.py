# ruff: noqa: INP001 - PYTHONPATH leads here
"""Found before the real one: the image has none, and structlog imports it if it can.

That takes a seventh of the CPU time of each start of a process.
"""

raise ImportError("the image has no rich")
