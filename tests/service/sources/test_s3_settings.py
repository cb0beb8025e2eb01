import pytest

from schema.errors import Cause, ErrorWord
from service.settings import ConfigurationError, load
from service.sources import s3
from service.sources.s3.settings import Settings
from tests.service.configured import settings_of

VARIABLE = "HEARTBEAT_SOURCE_FILES"
SPACES = "https://fra1.digitaloceanspaces.com"


def settings(url: str) -> Settings:
    found = settings_of({VARIABLE: url}, s3.KIND)
    assert isinstance(found, Settings)
    return found


def problems(url: str, **more: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load({VARIABLE: url} | more)
    return "\n".join(caught.value.problems)


def test_a_space_needs_its_endpoint_and_its_keys() -> None:
    found = settings(f"s3://DO00KEY:se%2Fcr%2Bet@backups/app/?endpoint={SPACES}")

    assert (found.bucket, found.prefix, found.endpoint_url) == ("backups", "app", SPACES)
    assert found.secret is not None
    assert found.secret.get_secret_value() == "se/cr+et"
    assert found.signing_region == "fra1"
    assert found.endpoint == "fra1.digitaloceanspaces.com/backups"
    assert not found.is_dependent


def test_an_endpoint_may_be_a_host_alone_and_a_prefix_may_be_left_out() -> None:
    found = settings("s3://k:s@backups?endpoint=nyc3.digitaloceanspaces.com")

    assert (found.endpoint_url, found.prefix) == (
        "https://nyc3.digitaloceanspaces.com",
        "heartbeat",
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://k@backups?region=us-west-2", "(user) is given without"),
        ("s3://k:s@backups", "(region) is missing: add ?region="),
        (f"s3://backups?endpoint={SPACES}", "accepts no AWS identity"),
        ("s3://k:s@backups:443?region=us-west-2", "has no port"),
        ("s3://k:s@Back_ups?region=us-west-2", "must be a bucket's name"),
        ("s3://k:s@backups?endpoint=https://backups.fra1.digitaloceanspaces.com", "names a bucket"),
        ("s3://k:s@backups?endpoint=https://b.fra1.cdn.digitaloceanspaces.com", "the CDN's"),
        ("s3://k:s@backups?endpoint=https://host/backups", "not the address of a server"),
        ("s3://k:s@backups?endpoint=ftp://host", "not the address of a server"),
        ("s3://k:s@backups?region=Frankfurt!", "must be a region's name"),
        ("s3://k:s/x@backups?region=us-west-2", "percent-encode"),
        ("s3://backups?region=us-west-2", "needs the AWS identity"),
    ],
)
def test_an_unusable_url_is_refused_with_a_remedy_and_without_its_secret(
    url: str, message: str
) -> None:
    found = problems(url)

    assert message in found
    assert VARIABLE in found or "AWS identity" in found
    assert ":s" not in found


def test_a_ca_variable_is_refused_and_the_alternative_named() -> None:
    url = "s3://k:s@backups?region=us-west-2"

    assert "AWS_CA_BUNDLE" in problems(url, **{f"{VARIABLE}_CA_CERT": "-----BEGIN"})


def test_an_unencrypted_endpoint_causes_a_warning() -> None:
    (source,) = load({VARIABLE: "s3://k:s@backups?endpoint=http://127.0.0.1:9000"}).sources

    (warning,) = source.warnings()
    assert "http://" in warning
    assert source.depends_on is None


def test_each_remedy_names_what_to_check() -> None:
    (source,) = load({VARIABLE: f"s3://k:s@backups?endpoint={SPACES}"}).sources

    assert f"{VARIABLE} (user)" in source.remedies[ErrorWord.AUTH]
    assert "s3:ListBucket" in source.remedies[ErrorWord.PERMISSION]
    assert f"{VARIABLE} (endpoint)" in source.remedies[ErrorWord.UNSUPPORTED]
    for cause in (Cause.NO_TLS, Cause.UNTRUSTED, Cause.WRONG_HOST):
        assert f"{VARIABLE} (endpoint)" in source.remedies[cause]
