"""Run Heartbeat on this machine, with real stores and a stand-in for AWS, until Ctrl-C."""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during imports ends without a traceback

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from local import mariadb
from local.app import require_free
from local.home import HomeError, default_home, locked, temporary
from local.machine import MORE, MYSQL, Machine, Options
from local.server import StartError
from local.supervisor import Supervisor
from service.output import drop

FAILED = 1
WITH = "add stores, by commas: mysql (Debian's mariadb-server), s3 (in the stand-in for AWS)"


def main() -> int:
    """Run the command line, and return the exit code."""
    arguments = parser().parse_args()
    options = Options(
        port=arguments.port,
        interval_s=arguments.interval,
        services_only=arguments.services_only,
        faults=arguments.faults,
        env_file=arguments.env_file,
        more=arguments.more,
    )
    try:
        with ExitStack() as stack:
            home = stack.enter_context(temporary()) if arguments.ephemeral else arguments.data_dir
            return run(stack.enter_context(locked(home)), options)
    except (HomeError, StartError) as error:
        print(error, file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    made.add_argument("--port", type=int, default=8080, help="port of the page (8080)")
    made.add_argument("--interval", type=float, default=60.0, help="seconds between beats (60)")
    place = made.add_mutually_exclusive_group()
    home = default_home()
    place.add_argument("--data-dir", type=Path, default=home, help=f"folder for all data ({home})")
    place.add_argument("--ephemeral", action="store_true", help="delete all data at the end")
    made.add_argument("--services-only", action="store_true", help="run only the stores")
    made.add_argument(
        "--with", type=more_stores, default=(), dest="more", help=WITH, metavar="LIST"
    )
    made.add_argument("--faults", action="store_true", help="print commands that stage outages")
    made.add_argument("--env-file", type=Path, help="write the stores' settings to this file")
    return made


def more_stores(text: str) -> tuple[str, ...]:
    """Return the stores that `--with` names, without repetition.

    Raises:
        ArgumentTypeError: One of them is unknown.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in MORE]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"{text!r}: choose from {', '.join(MORE)}")
    return names


def run(home: Path, options: Options) -> int:
    """Start everything in a folder, keep it running, and stop it on a signal.

    Raises:
        StartError: The dashboard's port is taken, or something did not start.
    """
    if not options.services_only:
        require_free(options.port)
    if MYSQL in options.more:
        mariadb.require()
    supervisor = Supervisor(say)
    supervisor.listen()
    say("local", f"data in {home}")
    try:
        Machine(home, options, supervisor, say).start()
        supervisor.watch()
        say("local", "stopping")
    finally:
        code = supervisor.stop()
    return code


def say(name: str, line: str) -> None:
    """Print a line with its origin in front; concurrent lines stay whole.

    If nobody reads any more, as behind `| head`, everything stops.
    """
    try:
        sys.stdout.write(f"{name:<8} | {line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        drop()
        signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
