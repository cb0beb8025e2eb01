"""The command line: `python -m service api | worker | migrate | check | alerts | …`."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from service import garbage

if __name__ == "__main__":
    garbage.pause()  # the imports take a quarter less time; the API and the worker resume it

from service import settings as environment
from service.settings import ConfigurationError, Settings

if TYPE_CHECKING:
    from service.alerts.senders import Sender
    from service.telemetry.push import Push

USAGE_ERROR = 2
NO_VERDICT = 3  # of `check`, whose 0, 1 and 2 are verdicts


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        The exit status.
    """
    parsed = _parse(sys.argv[1:] if arguments is None else arguments)
    if parsed.command not in {"api", "worker"}:
        garbage.resume()
    if parsed.command == "openapi":
        return _openapi()
    try:
        settings = environment.load(os.environ)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return NO_VERDICT if parsed.command == "check" else USAGE_ERROR
    if parsed.command in {"alerts", "mute", "unmute"}:
        return _alerts(settings, parsed)
    commands: dict[str, Callable[[], int]] = {
        "api": lambda: _api(settings, parsed.host, parsed.port),
        "worker": lambda: _worker(settings),
        "migrate": lambda: _migrate(settings),
        "check": lambda: _check(settings),
        "address": lambda: _address(settings, parsed.path),
    }
    return commands[parsed.command]()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    try:
        return _parser().parse_args(arguments)
    except SystemExit as end:  # argparse's own way to say that the usage is wrong, with 2
        if end.code == USAGE_ERROR and list(arguments[:1]) == ["check"]:
            sys.exit(NO_VERDICT)
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Prove that writes land in every store. Settings are environment variables: "
        "docs/settings.md.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    api = _add(commands, "api", "serve the API and the page")
    api.add_argument("--host", help="address to listen on, instead of the variable HOST")
    api.add_argument("--port", type=int, help="port to listen on, instead of the variable PORT")
    _add(commands, "worker", "write a stamp to every store, once per interval")
    _add(commands, "migrate", "migrate the database to this version's schema")
    verdict = "exit with 0 (ok), 1 (degraded), 2 (error) or 3 (wrong settings or usage)"
    _add(commands, "check", f"read every store, print the verdict, and {verdict}")
    address = _add(commands, "address", "print the signed address of a badge or of the feed")
    address.add_argument("path", help="such as /badge.svg, /badge/postgres.svg, /incidents.atom")
    _add(commands, "openapi", "print the OpenAPI description of the API")
    _add_alerts(commands)
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, purpose: str
) -> argparse.ArgumentParser:
    """Add a command whose own help also says what it does."""
    sentence = f"{purpose[:1].upper()}{purpose[1:]}."
    return commands.add_parser(name, help=purpose, description=sentence)


def _add_alerts(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    alerts = _add(commands, "alerts", "run alerting without the API; list, test or resend alerts")
    alerts.add_argument(
        "action",
        nargs="?",
        choices=("run", "list", "test", "resend"),
        default="run",
        help="run alerting (default), list open alerts, send a test to each target, or resend "
        "what was given up",
    )
    mute = _add(commands, "mute", "send no alerts for some time")
    mute.add_argument(
        "--for",
        dest="span",
        metavar="TIME",
        required=True,
        help="such as 30m, 2h or 1d; at most 7d",
    )
    mute.add_argument("--reason", default="", help="shown on the page")
    mute.add_argument(
        "--source", action="append", default=[], help="mute only this store; repeatable"
    )
    unmute = _add(commands, "unmute", "end mutes, and send what they have kept back")
    unmute.add_argument(
        "--source", action="append", default=[], help="end only mutes of this store; repeatable"
    )


# Each process imports only what it needs: a worker no FastAPI, a description no driver.


def _api(settings: Settings, host: str | None, port: int | None) -> int:
    from service import logs  # noqa: PLC0415
    from service.api.app import create  # noqa: PLC0415
    from service.api.server import serve  # noqa: PLC0415

    logs.configure(settings.process.log_level, settings.process.log_format)
    process = settings.process
    from service.alerts.targets import TargetError  # noqa: PLC0415

    try:
        app = create(settings, _senders(settings), _push(settings, "api"))
    except TargetError as error:
        print(ConfigurationError([f"ALERT_TARGETS: {error}"]), file=sys.stderr)
        return USAGE_ERROR
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    code = serve(app, host or process.host, process.port if port is None else port)
    logs.finish()
    return code


def _senders(settings: Settings) -> "Sequence[Sender]":
    """Create the senders of all targets before anything starts, so that a bad one is refused."""
    if settings.alerts.targets_text is None:
        return ()
    from service.alerts.senders import make  # noqa: PLC0415

    return [make(target) for target in settings.alerts.targets()]


def _push(settings: Settings, process: str) -> "Push | None":
    """Create the exporter of metrics and traces; None, with nothing imported, without an endpoint.

    Raises:
        ConfigurationError: It is not installed, or one of OpenTelemetry's own variables is bad.
    """
    if not settings.telemetry.on:
        return None
    try:
        from service.telemetry.push import Push  # noqa: PLC0415
    except ImportError as error:
        problem = "OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry's SDK: install heartbeat[otlp]"
        raise ConfigurationError([problem]) from error
    ours = settings.process
    try:
        return Push(settings.telemetry, process, ours.name, ours.title)
    except ValueError as error:  # only numbers can be wrong: names and headers were checked before
        problem = f"OpenTelemetry's SDK refuses one of its OTEL_ variables: {error}"
        raise ConfigurationError([problem]) from error


def _alerts(settings: Settings, parsed: argparse.Namespace) -> int:
    from service import alerts_command, logs  # noqa: PLC0415
    from service.alerts.targets import TargetError  # noqa: PLC0415

    runs = parsed.command == "alerts" and parsed.action == "run"
    logs.configure(settings.process.log_level if runs else "ERROR", settings.process.log_format)
    try:
        return alerts_command.main(settings, parsed)
    except TargetError as error:
        print(ConfigurationError([f"ALERT_TARGETS: {error}"]), file=sys.stderr)
        return USAGE_ERROR


def _worker(settings: Settings) -> int:
    from service import logs  # noqa: PLC0415
    from service.worker import beat  # noqa: PLC0415

    logs.configure(settings.process.log_level, settings.process.log_format)
    try:
        push = _push(settings, "worker")
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    return beat.main(settings, push)


def _migrate(settings: Settings) -> int:
    from service import logs, migrate  # noqa: PLC0415

    logs.configure(settings.process.log_level, settings.process.log_format)
    code = migrate.main(settings)
    logs.finish()
    return code


def _check(settings: Settings) -> int:
    from service import check, logs  # noqa: PLC0415

    logs.configure("ERROR")
    try:
        return check.main(settings)
    except Exception:  # noqa: BLE001 - Python's own 1 would be taken for a verdict
        traceback.print_exc()
        return NO_VERDICT


def _address(settings: Settings, path: str) -> int:
    from service.api.signed import FEED, Signer, readable_by_address  # noqa: PLC0415

    if not readable_by_address(path):
        print(f"heartbeat: {path}: only badges and {FEED} have an address", file=sys.stderr)
        return USAGE_ERROR
    password = settings.process.dashboard_password
    signed = Signer(password).address(path) if password else path
    print((settings.alerts.public_url or "") + signed)
    return 0


def _openapi() -> int:
    from service.api.described import described  # noqa: PLC0415

    print(json.dumps(described().openapi(), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
