import base64

import pytest

from service.api.subprotocol import authorization, chosen


@pytest.mark.parametrize("login", [":", ":a", ":ab", ":abc", ":p\u00e4ss?>~w\u00f6rd"])
def test_a_login_is_offered_in_the_letters_of_a_protocols_name(login: str) -> None:
    token = base64.urlsafe_b64encode(login.encode()).decode().rstrip("=")

    given = authorization(["heartbeat", f"basic.{token}"])

    assert given == f"Basic {base64.b64encode(login.encode()).decode()}"


@pytest.mark.parametrize("token", ["", "A", "=", "a b", "\u00e4"])
def test_what_is_no_login_is_an_attempt_with_none(token: str) -> None:
    assert authorization([f"basic.{token}"]) == "Basic "


@pytest.mark.parametrize("offered", [[], ["heartbeat"], ["graphql-ws", "bearer.x"]])
def test_without_a_login_there_is_none(offered: list[str]) -> None:
    assert authorization(offered) is None


def test_the_protocol_is_chosen_where_it_is_offered_and_a_login_never() -> None:
    assert chosen(["basic.eA", "heartbeat"]) == "heartbeat"
    assert chosen(["basic.eA"]) is None
    assert chosen([]) is None
