import base64

import pytest

from service.api.subprotocol import authorization, chosen


@pytest.mark.parametrize("login", [":", ":a", ":ab", ":abc", ":p\u00e4ss?>~w\u00f6rd"])
def test_a_login_is_encoded_as_a_subprotocol_name(login: str) -> None:
    token = base64.urlsafe_b64encode(login.encode()).decode().rstrip("=")

    header = authorization(["heartbeat", f"basic.{token}"])

    assert header == f"Basic {base64.b64encode(login.encode()).decode()}"


@pytest.mark.parametrize("token", ["", "A", "=", "a b", "\u00e4"])
def test_a_malformed_login_counts_as_a_wrong_one(token: str) -> None:
    assert authorization([f"basic.{token}"]) == "Basic "


@pytest.mark.parametrize("offered", [[], ["heartbeat"], ["graphql-ws", "bearer.x"]])
def test_a_handshake_without_a_login_has_none(offered: list[str]) -> None:
    assert authorization(offered) is None


def test_the_server_selects_the_protocol_and_never_a_login() -> None:
    assert chosen(["basic.eA", "heartbeat"]) == "heartbeat"
    assert chosen(["basic.eA"]) is None
    assert chosen([]) is None
