"""The command line: `python -m service api | worker | migrate | check | alerts | …`."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from service import garbage

if __name__ == "__main__":
    garbage.pause()  # the imports take a quarter less time; the API and the worker resume it

from service import output
from service import settings as environment
from service.command_line import NO_VERDICT, USAGE_ERROR, parse
from service.settings import ConfigurationError, Settings

if TYPE_CHECKING:
    from service.alerts.senders import Sender
    from service.telemetry.push import Push


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        The exit status.
    """
    try:
        parsed = parse(sys.argv[1:] if arguments is None else arguments)
    finally:
        output.show("", end="")  # argparse's help
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
        return output.refuse(f"{path}: only badges and {FEED} have an address", USAGE_ERROR)
    password = settings.process.dashboard_password
    signed = Signer(password).address(path) if password else path
    output.show((settings.alerts.public_url or "") + signed)
    return 0


def _openapi() -> int:
    from service.api.described import described  # noqa: PLC0415

    output.show(json.dumps(described().openapi(), indent=2))
    return 0


def run() -> NoReturn:
    """Run the command of the command line, and end the process with its status."""
    output.leave(main())


if __name__ == "__main__":
    run()
