"""The commands of alerts."""

from collections.abc import Iterator

import anyio
import pytest

from schema.alerts import EventKind
from service.__main__ import main
from service.settings import load
from tests.service.alerts.deployment import accepted, deployed, hook
from tests.service.alerts.receiver import Receiver, receiving
from tests.service.alerts.test_api import QUICK
from tests.service.serving import NOWHERE


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


async def migrated(environ: dict[str, str]) -> None:
    """Bring the database to this version's schema."""
    async with deployed(environ):
        pass


@pytest.fixture
def target_environ(
    database: dict[str, str],
    keys: dict[str, str],
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The environment of a process with two stores and one target."""
    environ = database | keys | QUICK | {"ALERT_TARGETS": hook(receiver), "HEARTBEAT_NAME": "shop"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


def test_the_test_command_reports_each_targets_result(
    target_environ: dict[str, str], receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    anyio.run(migrated, target_environ)
    assert main(["alerts", "test"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "webhook+http no. 1 at 127.0.0.1: ok"
    (event,) = accepted(receiver)
    assert (event.kind, event.deployment) == (EventKind.TEST, load(target_environ).process.name)

    receiver.answers = [401]
    assert main(["alerts", "test"]) == 1
    assert "webhook+http no. 1 at 127.0.0.1: refused" in capsys.readouterr().out
    main(["alerts", "list"])
    assert "waiting to be sent: 0; given up within a day: 1" in capsys.readouterr().out

    assert main(["alerts", "resend"]) == 0
    assert "deliveries that are retried: 1" in capsys.readouterr().out


def test_a_mute_is_listed_with_its_end_and_ended(
    target_environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    anyio.run(migrated, target_environ)
    assert main(["mute", "--for", "2h", "--reason", "new disk", "--source", "postgres"]) == 0
    assert "muted for 2 h, until " in capsys.readouterr().out
    main(["alerts", "list"])
    assert "UTC: postgres (new disk)" in capsys.readouterr().out

    assert main(["unmute", "--source", "valkey"]) == 0
    assert "nothing was muted" in capsys.readouterr().out
    assert main(["unmute"]) == 0
    assert "1 ended" in capsys.readouterr().out
    main(["alerts", "list"])
    assert "no alert is open, and nothing is muted" in capsys.readouterr().out


@pytest.mark.usefixtures("target_environ")
def test_a_mute_without_postgresql_is_stored_in_valkey(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPORT", NOWHERE["PGPORT"])

    assert main(["mute", "--for", "30m"]) == 0
    main(["alerts", "list"])
    assert "UTC: everything" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mute", "--for", "soon"], "--for soon: give a time such as 30m"),
        (["mute", "--for", "0"], "--for 0: give a time such as 30m"),
        (["mute", "--for", "8d"], "at most 7d"),
        (["mute", "--for", "1h", "--source", "mysql"], "--source mysql: there is only"),
    ],
)
@pytest.mark.usefixtures("target_environ")
def test_invalid_arguments_are_reported_by_name(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_without_targets_the_commands_name_the_variable(
    keys: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in keys.items():
        monkeypatch.setenv(name, value)

    assert main(["alerts", "test"]) == 2
    assert "set ALERT_TARGETS" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["api", "alerts"])
def test_a_target_that_its_sender_refuses_fails_the_start(
    command: str,
    keys: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (keys | {"ALERT_TARGETS": "slack://s3cret"}).items():
        monkeypatch.setenv(name, value)

    assert main([command]) == 2
    message = capsys.readouterr().err
    assert "ALERT_TARGETS: target no. 1 (slack) has a URL that Apprise does not take" in message
    assert "s3cret" not in message
