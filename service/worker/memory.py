"""How much memory this process holds."""

import os
import resource
import sys
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
KIB = 1024


def resident_bytes() -> int:
    """Resident memory in bytes: now on Linux (proc(5), statm), the most so far elsewhere."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * KIB
