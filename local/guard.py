"""Start child processes as another user, and end them with their parent."""

import os
import pwd
import shutil
import signal
from pathlib import Path

CAP_DAC_READ_SEARCH = 2  # its number in linux/capability.h


def guard(user: str | None, death_signal: signal.Signals) -> list[str]:
    """Return the prefix of a command that runs as another user and ends with its parent.

    The user may pass through folders that only root may enter (a checkout or data under /root).
    This uses one capability instead of wider permissions on other people's folders, and a bit by
    which access(2) respects it, because PostgreSQL looks for its own programs with access(2).
    """
    setpriv = shutil.which("setpriv")  # util-linux: on every Linux, nowhere else
    if setpriv is None:
        return []
    options = [f"--pdeathsig={death_signal.name.removeprefix('SIG')}"]
    if user is not None and os.geteuid() == 0:
        group = pwd.getpwnam(user).pw_gid
        options += [f"--reuid={user}", f"--regid={group}", "--clear-groups"]
        options += [f"--{kind}-caps=+{_passage()}" for kind in ("inh", "ambient")]
        options += ["--securebits=+no_setuid_fixup"]
    return [setpriv, *options, "--"]


def _passage() -> str:
    """Return the smallest capability that opens every folder; containers often lack the first."""
    status = Path("/proc/self/status").read_text()
    ours = int(status.split("CapEff:")[1].split()[0], base=16)
    return "dac_read_search" if ours >> CAP_DAC_READ_SEARCH & 1 else "dac_override"
