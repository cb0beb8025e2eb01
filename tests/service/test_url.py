from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.url import parse, scheme_of


def test_every_part_is_parsed_and_percent_decoded() -> None:
    url = parse("rediss://me%40home:p%40ss%2Fw%3A%25@Cache.example.com:25061/2?title=Two+%26+three")

    assert (url.scheme, url.user, url.password) == ("rediss", "me@home", "p@ss/w:%")
    assert (url.host, url.port, url.path) == ("cache.example.com", 25061, "2")
    assert url.parameters == {"title": "Two & three"}


def test_missing_parts_of_a_url_are_none() -> None:
    url = parse("redis://cache")

    assert (url.user, url.password, url.port, url.path, url.parameters) == (
        None,
        None,
        None,
        "",
        {},
    )


def test_an_ipv6_address_stands_in_brackets() -> None:
    url = parse("postgresql://me:x@[2001:db8::1]:5433/app")

    assert (url.host, url.port) == ("2001:db8::1", 5433)


def test_a_password_may_contain_a_colon() -> None:
    assert parse("postgresql://me:a:b@db/app").password == "a:b"


@pytest.mark.parametrize(
    "url",
    [
        *(f"postgresql://me:hun{mark}ter2@db/app" for mark in ("@", "/", "?", "#", "%", "[", " ")),
        "postgresql://me:12/hunter2@db/app",  # whose host could be `me`, at the port 12
        "postgresql://hunter2:6432@/app",
        "postgresql:///hunter2",
        "postgresql://me:hunter2@db:port/app",
        "postgresql://me:hunter2@db:65536/app",
        "postgresql://me:hunter2@2001:db8::1/app",
        "postgresql://me:hunter2@one,two/app",
        "postgresql://me:hunter2@%2Ftmp/app",
        "postgresql://me:hunter2%00@db/app",
        "postgresql://me:hunter2%ff@db/app",
        "postgresql://me:hunter2@db/app?title=%ff",
    ],
)
def test_contradictory_parameters_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(ValueError, match=r"the URL|host or port") as error:
        parse(url)

    for part in ("hunter2", "hun", "ter2", "me:", "db"):
        assert part not in str(error.value).replace("number", "")
    assert error.value.__suppress_context__ or error.value.__context__ is None


@pytest.mark.parametrize("text", ["hunter2", "me:hunter2@db", "//db", "", "hunter2:x"])
def test_a_text_that_is_not_a_url_has_no_scheme(text: str) -> None:
    assert scheme_of(text) is None


def test_the_scheme_of_a_url_is_case_insensitive() -> None:
    assert scheme_of("PostgreSQL://db") == "postgresql"


@given(user=st.text(min_size=1), password=st.text(min_size=1))
def test_any_user_and_password_survive_their_encoding(user: str, password: str) -> None:
    if "\x00" in user + password:
        return
    url = parse(f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@db/app")

    assert (url.user, url.password) == (user, password)
