"""Structured logs: JSON lines in the cloud, readable lines on a terminal."""

import logging
import sys
from contextlib import suppress
from enum import StrEnum

import structlog


class LogFormat(StrEnum):
    """How a line is written."""

    JSON = "json"
    TEXT = "text"


def configure(level: str, form: LogFormat | None = None) -> None:
    """Set up logging for this process; called once, from a process's main.

    Args:
        level: The least level that is written, such as `INFO`.
        form: None for what fits where stdout goes: text for a terminal, JSON for anything else.
    """
    readable = form is LogFormat.TEXT or (form is None and sys.stdout.isatty())
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if readable:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        processors.append(renderer)
    else:
        processors += [
            structlog.processors.ExceptionRenderer(_tracebacks),
            structlog.processors.JSONRenderer(default=str),
        ]
    threshold = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _Output(),
    )
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)
    # Their lines would tell an outage twice, and botocore's can hold what was sent.
    for library in ("botocore", "iam_rolesanywhere_session", "urllib3"):
        logging.getLogger(library).setLevel(logging.CRITICAL)


class _Output:
    """Writes lines to stdout; one that can't be written is lost, and stops nothing."""

    def msg(self, line: str) -> None:
        """Write one line."""
        with suppress(OSError):  # a full disk, a reader that went away
            print(line, flush=True)

    debug = info = warning = error = critical = exception = fatal = log = msg


# Local variables of frames can hold secrets.
_tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


class _Forward(logging.Handler):
    """Libraries' log lines in our form, without their arguments' values beyond the message."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        structlog.get_logger(record.name).log(
            record.levelno, "library", logger=record.name, message=record.getMessage()
        )
