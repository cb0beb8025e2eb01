import pytest
from pydantic import SecretStr

from local.aws.process import RunningAws
from service.settings import ConfigurationError, load

POSTGRES = {"PGHOST": "db", "PGDATABASE": "app", "PGUSER": "me", "PGPASSWORD": "hunter2"}
VALKEY = {"VALKEY_HOST": "cache", "VALKEY_PASSWORD": "hunter3"}


@pytest.fixture
def identity(aws_process: RunningAws) -> dict[str, str]:
    """The variables of the AWS identity and of the secret."""
    return aws_process.environment()


def problems(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(environ)
    return str(error.value)


def test_defaults_are_those_of_the_readme() -> None:
    process = load(POSTGRES).process

    assert (process.host, process.port, process.health_port) == ("0.0.0.0", 8080, 8081)
    assert (process.name, process.interval_s, process.write_deadline_s) == ("worker", 60, 20)


def test_a_source_is_off_unless_its_variables_are_set() -> None:
    settings = load(POSTGRES)

    assert [source.name for source in settings.sources] == ["postgres"]
    assert [kind.name for kind in settings.off] == ["valkey", "secrets_manager", "iam"]
    assert settings.aws is None


def test_sources_are_in_their_order(identity: dict[str, str]) -> None:
    settings = load({**identity, **VALKEY, **POSTGRES})

    assert [source.name for source in settings.sources] == [
        "postgres",
        "valkey",
        "secrets_manager",
        "iam",
    ]


@pytest.mark.parametrize("name", POSTGRES)
def test_a_source_that_is_partly_set_is_an_error_that_names_what_is_missing(name: str) -> None:
    assert f"{name} is not set" in problems({k: v for k, v in POSTGRES.items() if k != name})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert "PGPASSWORD is not set" in problems(POSTGRES | {"PGPASSWORD": ""})


def test_one_message_contains_every_error() -> None:
    text = problems(
        {
            "PGHOST": "db",
            "VALKEY_HOST": "cache",
            "VALKEY_PORT": "many",
            "HEARTBEAT_INTERVAL_SECONDS": "0",
        }
    )

    for name in ("PGDATABASE", "PGUSER", "PGPASSWORD", "VALKEY_PORT", "HEARTBEAT_INTERVAL_SECONDS"):
        assert name in text


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("PORT", "80800", "less than or equal to 65535"),
        ("HEARTBEAT_INTERVAL_SECONDS", "0.01", "greater than or equal to 0.05"),
        ("HEARTBEAT_INTERVAL_SECONDS", "4000", "less than or equal to 3600"),
        ("HEARTBEAT_NAME", "no spaces", "must be 1 to 50 of the letters"),
        ("LOG_LEVEL", "loud", "one of DEBUG, INFO"),
        ("API_CORS_ORIGINS", "status.example.com", "must be origins such as"),
        ("PGSSLMODE", "sometimes", "'verify-full'"),
        ("PG_CA_CERT", "/etc/ca.pem", "it is a path, not a PEM"),
        ("HISTORY_RETENTION_DAYS", "0", "greater than or equal to 1"),
    ],
)
def test_an_invalid_value_is_reported_with_its_remedy(name: str, value: str, remedy: str) -> None:
    text = problems(POSTGRES | {name: value})

    assert f"{name}={value!r}" in text
    assert remedy in text


def test_no_source_at_all_is_an_error() -> None:
    assert "no source is configured" in problems({})


def test_valkey_refuses_the_mode_require() -> None:
    assert "verify-full, verify-ca or disable" in problems(VALKEY | {"VALKEY_SSLMODE": "require"})


def test_a_secret_without_an_identity_names_what_the_identity_needs() -> None:
    text = problems({"SECRETS_MANAGER_SECRET_NAME": "app"})

    for name in ("IAM_CLIENT_CERT", "IAM_CLIENT_KEY", "IAM_ROLE_ARN", "AWS_REGION"):
        assert name in text


def test_an_unused_identity_is_an_error(identity: dict[str, str]) -> None:
    del identity["SECRETS_MANAGER_SECRET_NAME"]

    assert "nothing uses it: set SECRETS_MANAGER_SECRET_NAME" in problems(identity)


def test_a_region_alone_enables_no_source() -> None:
    assert load(POSTGRES | {"AWS_REGION": "us-west-2"}).aws is None


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("IAM_CLIENT_CERT", "-----BEGIN", "cut off"),
        ("IAM_CLIENT_CERT", "aGVsbG8=", ""),
        ("IAM_CLIENT_KEY", "aGVsbG8=", "it is not PEM, which begins with"),
        ("IAM_ROLE_ARN", "arn:aws:iam::1:user/me", "not of the form arn:aws:iam::"),
        ("AWS_REGION", "Oregon", "not the name of a region, such as"),
    ],
)
def test_an_invalid_identity_is_reported_by_name(
    identity: dict[str, str], name: str, value: str, remedy: str
) -> None:
    text = problems(identity | {name: value})

    assert name in text
    assert remedy in text


def test_a_key_of_another_certificate_is_refused(identity: dict[str, str]) -> None:
    import base64

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

    text = problems(identity | {"IAM_CLIENT_KEY": base64.b64encode(pem).decode()})

    assert "IAM_CLIENT_CERT is not the certificate of IAM_CLIENT_KEY" in text


def test_no_error_contains_a_secret(identity: dict[str, str]) -> None:
    key = identity["IAM_CLIENT_KEY"]
    text = problems(
        POSTGRES | VALKEY | identity | {"PGPORT": "x", "IAM_CLIENT_KEY": key[:40] + "!!"}
    )

    for secret in ("hunter2", "hunter3", key[:40]):
        assert secret not in text
        assert secret not in repr(load(POSTGRES | VALKEY))


def test_passwords_are_kept_as_secrets() -> None:
    [source] = load(POSTGRES).sources

    assert source.settings.model_dump()["password"] == SecretStr("hunter2")


def test_a_ca_may_have_literal_line_breaks(aws_process: RunningAws) -> None:
    pem = (aws_process.data_dir / "server-ca.pem").read_text()

    settings = load(POSTGRES | {"PG_CA_CERT": pem.replace("\n", "\\n")})

    assert settings.sources[0].settings.model_dump()["ca"].strip() == pem.strip()


def test_a_dangerous_setting_is_a_warning_that_names_it(identity: dict[str, str]) -> None:
    hasty = load(identity | {"SECRET_VALUE_INTERVAL_SECONDS": "60"})
    unverified = load(POSTGRES | {"PGSSLMODE": "require"})

    assert any("SECRET_VALUE_INTERVAL_SECONDS=60" in w and "quota" in w for w in hasty.warnings())
    assert any("PGSSLMODE=require" in w for w in unverified.warnings())
    assert load(POSTGRES | identity).warnings() == []


@pytest.mark.parametrize(("interval", "deadline"), [("60", 20), ("3600", 20), ("1", 0.8)])
def test_the_deadline_stays_below_the_interval(interval: str, deadline: float) -> None:
    process = load(POSTGRES | {"HEARTBEAT_INTERVAL_SECONDS": interval}).process

    assert process.write_deadline_s == deadline
