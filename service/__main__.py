"""The command line: `python -m service api | worker | migrate | check | openapi`."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from service import settings as environment
from service.settings import ConfigurationError, Settings

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        The exit status.
    """
    parsed = _parser().parse_args(arguments)
    if parsed.command == "openapi":
        return _openapi()
    try:
        settings = environment.load(os.environ)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    commands: dict[str, Callable[[], int]] = {
        "api": lambda: _api(settings, parsed.host, parsed.port),
        "worker": lambda: _worker(settings),
        "migrate": lambda: _migrate(settings),
        "check": lambda: _check(settings),
    }
    return commands[parsed.command]()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heartbeat", description="Proves that writes land.")
    commands = parser.add_subparsers(dest="command", required=True)
    api = commands.add_parser("api", help="serve the API and the page")
    api.add_argument("--host", help="address to listen on (HOST)")
    api.add_argument("--port", type=int, help="port to listen on (PORT)")
    commands.add_parser("worker", help="stamp every source, again and again")
    commands.add_parser("migrate", help="bring the database to this version's schema")
    commands.add_parser("check", help="say the verdict; exit 0 ok, 1 degraded, 2 error")
    commands.add_parser("openapi", help="print the API's description")
    return parser


# Each process imports only what it needs: a worker no FastAPI, a description no driver.


def _api(settings: Settings, host: str | None, port: int | None) -> int:
    from service import logs  # noqa: PLC0415
    from service.api.app import create  # noqa: PLC0415
    from service.api.server import serve  # noqa: PLC0415

    logs.configure(settings.process.log_level, settings.process.log_format)
    process = settings.process
    code = serve(create(settings), host or process.host, process.port if port is None else port)
    logs.finish()
    return code


def _worker(settings: Settings) -> int:
    from service import logs  # noqa: PLC0415
    from service.worker import beat  # noqa: PLC0415

    logs.configure(settings.process.log_level, settings.process.log_format)
    return beat.main(settings)


def _migrate(settings: Settings) -> int:
    from service import logs, migrate  # noqa: PLC0415

    logs.configure(settings.process.log_level, settings.process.log_format)
    code = migrate.main(settings)
    logs.finish()
    return code


def _check(settings: Settings) -> int:
    from service import check, logs  # noqa: PLC0415

    logs.configure("ERROR")
    return check.main(settings)


def _openapi() -> int:
    from service.api.app import create  # noqa: PLC0415

    print(json.dumps(create(None).openapi(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
