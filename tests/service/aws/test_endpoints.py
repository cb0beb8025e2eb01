"""Addresses from our short list of partitions equal those of botocore's long list."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.session import Session

from service.aws import endpoints
from service.aws.session import CONFIG, open_session, sessions_host

OPERATIONS: dict[str, Callable[[Any], object]] = {
    "sts": lambda client: client.get_caller_identity(),
    "secretsmanager": lambda client: client.describe_secret(SecretId="heartbeat"),
}


def loader() -> Any:  # Any: botocore has no types
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def regions() -> Iterator[str]:
    """Return every region of botocore's long list."""
    for partition in loader().load_data("endpoints")["partitions"]:
        yield from partition["regions"]


def opened(region: str) -> Any:  # Any: as above
    settings: Any = type("Settings", (), {"region": region})
    session = open_session(settings)
    session.set_credentials("AKID", "secret")
    return session


def of_botocore(region: str) -> Any:  # Any: as above
    session = Session()
    session.set_config_variable("region", region)
    session.set_credentials("AKID", "secret")
    return session


def address(session: Any, service: str) -> tuple[str, str]:
    """Return the URL of a client's request, and the scope of its signature."""
    client = session.create_client(service, config=CONFIG)
    sent = []

    def keep(request: Any, **_: object) -> None:
        sent.append(request)
        raise _NotSentError

    client.meta.events.register("before-send", keep)
    with pytest.raises(_NotSentError):
        OPERATIONS[service](client)
    authorization = sent[0].headers["Authorization"].decode()
    return sent[0].url, authorization.partition("AKID/")[2].partition(",")[0]


class _NotSentError(Exception):
    """Raised instead of sending."""


@pytest.fixture(autouse=True)
def no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("region", ["us-west-2", "eu-central-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("wish", [None, "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_clients_go_where_botocores_long_list_sends_them(
    region: str, wish: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wish:
        monkeypatch.setenv(wish, "true")
    ours, theirs = opened(region), of_botocore(region)

    for service in OPERATIONS:
        assert address(ours, service) == address(theirs, service)


def test_every_region_has_the_host_names_of_the_long_list() -> None:
    long = Session()._get_internal_component("endpoint_resolver")
    short = endpoints.resolver(loader())

    for region in regions():
        for service in (*OPERATIONS, "rolesanywhere"):
            theirs = long.construct_endpoint(service, region)["hostname"]
            if theirs != "sts.amazonaws.com":  # the global endpoint, which our clients do not use
                assert endpoints.host(short, service, region, fips=False) == theirs


def test_a_region_that_is_newer_than_botocore_has_its_host() -> None:
    assert sessions_host(opened("eu-west-99")) == "rolesanywhere.eu-west-99.amazonaws.com"


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1"])
def test_sessions_use_the_fips_endpoint_if_configured(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")

    assert sessions_host(opened(region)) == f"rolesanywhere-fips.{region}.amazonaws.com"


def test_the_long_list_is_never_read() -> None:
    session = opened("us-west-2")
    for service in OPERATIONS:
        session.create_client(service, config=CONFIG)

    read = {key[1] for key in session.get_component("data_loader")._cache if len(key) > 1}

    assert "partitions" in read
    assert "endpoints" not in read
    assert not any("rolesanywhere" in str(name) for name in read)
