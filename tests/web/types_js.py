"""Check the page's JavaScript with TypeScript: `python -m tests.web.types_js`.

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
# A TypeScript project that takes the client as docs/client.md says: `tsc` reads its JSDoc.
PROJECT = """
import { ApiError, history, watch, workerStatus } from './client.js';
import type { Finding, Server, WorkerStatus } from './client.js';

const server: Server = { baseUrl: 'https://heartbeat.example.com', credentials: 'include' };
const titles = ({ diagnosis: { findings } }: WorkerStatus) => findings.map(({ title }) => title);
export const watcher = watch((status) => titles(status), ({ error }) => error?.message, server);
export const worst: Promise<Finding | undefined> = workerStatus({ ...server, password: 'none' })
  .then(({ diagnosis }) => diagnosis.findings[0]);
export const past = history({ source: 'postgres' }, { timeoutMs: 5 }).catch((error: unknown) => {
  if (error instanceof ApiError) return error.status satisfies number | null;
  throw error;
});
"""


def main() -> int:
    """Check, print errors, and return the exit status."""
    if shutil.which("npm") is None:
        print("types-js: Node is not here, so the page's types are not checked")
        return 0
    tsc = _compiler()
    status = _check(tsc, *sorted((ROOT / "web").glob("*.js")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / "web" / "client.js", folder)
        (folder / "misspelt.js").write_text(MISSPELT)
        (folder / "project.ts").write_text(PROJECT)
        found = _run(tsc, *OPTIONS, folder / "misspelt.js")
        if "'overal_status' does not exist" not in found:
            print(f"types-js: a misspelt field is not refused:\n{found}")
            return 1
        declarations = ("--allowJs", "--declaration", "--emitDeclarationOnly")
        says = _run(tsc, *OPTIONS, folder / "project.ts")
        says += _run(tsc, folder / "client.js", *declarations, "--target", "es2022")
        (folder / "client.js").unlink()  # from here on only the declarations are read
        says += _run(tsc, *OPTIONS, folder / "project.ts")
    if says:
        print(f"types-js: a TypeScript project cannot use the client:\n{says}")
        return 1
    return status


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _compiler() -> Path:
    """Return TypeScript's compiler, installed once into a cache folder."""
    tsc = CACHE / "node_modules" / ".bin" / "tsc"
    if not tsc.exists():
        options = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
        subprocess.run(["npm", "install", "--prefix", CACHE, *options, TYPESCRIPT], check=True)
    return tsc


def _check(tsc: Path, *files: Path) -> int:
    return subprocess.run([tsc, *OPTIONS, *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
