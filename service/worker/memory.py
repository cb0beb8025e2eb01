"""The memory of this process."""

import os
import resource
import sys
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
KIB = 1024


def resident_bytes() -> int:
    """Return resident memory in bytes: the current one on Linux (proc(5)), else the peak."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * KIB
