"""`python -m service address`: signed addresses for readers that cannot send a password."""

import pytest

from service.__main__ import main


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
        "VALKEY_HOST": "127.0.0.1",
        "VALKEY_SSLMODE": "disable",
        "DASHBOARD_PASSWORD": "a password",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_it_prints_the_signed_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["address", "/badge.svg"]) == 0
    assert capsys.readouterr().out.startswith("/badge.svg?key=")


def test_with_the_pages_address_it_prints_a_whole_url(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://status.example.com/")

    assert main(["address", "/incidents.atom"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("https://status.example.com/incidents.atom?key=")


def test_a_path_without_an_endpoint_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["address", "/worker/status"]) == 2
    assert "/worker/status: only badges and /incidents.atom" in capsys.readouterr().err
