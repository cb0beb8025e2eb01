"""The command line's commands and options."""

import argparse
import sys
from collections.abc import Sequence

USAGE_ERROR = 2
NO_VERDICT = 3  # of `check`, whose 0, 1 and 2 are verdicts


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments.

    Raises:
        SystemExit: The usage is wrong, or help was requested; argparse has printed it.
    """
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
