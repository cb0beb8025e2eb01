"""Checks the page's JavaScript, where Node is at hand: `python -m tests.web.types_js`.

TypeScript is a checker here; none ships. `make check` runs this, `make test` does not need Node.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TYPESCRIPT = "typescript@5.9.3"
ROOT = Path(__file__).parent.parent.parent
CACHE = ROOT / ".cache" / TYPESCRIPT
OPTIONS = [
    *("--noEmit", "--allowJs", "--checkJs", "--strict", "--noUncheckedIndexedAccess"),
    *("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"),
    *("--lib", "es2023,dom,dom.iterable"),
]
# A check that passes anything would pass the page too.
MISSPELT = """
import { workerStatus } from './client.js';
export const verdict = workerStatus().then((status) => status.overal_status);
"""


def main() -> int:
    """Check, and print what is wrong; returns the exit status."""
    if shutil.which("npm") is None:
        print("types-js: Node is not here, so the page's types are not checked")
        return 0
    tsc = _compiler()
    status = _check(tsc, *sorted((ROOT / "web").glob("*.js")))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "web" / "client.js", folder)
        wrong = Path(folder) / "misspelt.js"
        wrong.write_text(MISSPELT)
        found = subprocess.run([tsc, *OPTIONS, wrong], capture_output=True, text=True, check=False)
    if "'overal_status' does not exist" not in found.stdout:
        print(f"types-js: a misspelt field is not refused:\n{found.stdout}")
        return 1
    return status


def _compiler() -> Path:
    """TypeScript's own, in a folder of its own."""
    tsc = CACHE / "node_modules" / ".bin" / "tsc"
    if not tsc.exists():
        options = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
        subprocess.run(["npm", "install", "--prefix", CACHE, *options, TYPESCRIPT], check=True)
    return tsc


def _check(tsc: Path, *files: Path) -> int:
    return subprocess.run([tsc, *OPTIONS, *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
