"""Alert targets: accepted URLs, and the errors for others."""

import importlib.util
import json
import subprocess
import sys

import pytest

from schema.findings import Severity
from service.alerts.plugins import PLUGINS
from service.alerts.targets import INCIDENTS, TargetError, parse, repeats
from service.settings import ConfigurationError, load

SIGNED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STORE = {"VALKEY_HOST": "127.0.0.1"}


def test_targets_are_separated_by_spaces_and_lines() -> None:
    targets = parse("slack://aaa/bbb/ccc\n  mailto://u:p@example.com  pagerduty://KEY")

    assert [target.number for target in targets] == [1, 2, 3]
    assert [target.name for target in targets] == [
        "slack no. 1",
        "mailto no. 2 at example.com",
        "pagerduty no. 3",
    ]


def test_only_severity_and_repeat_are_removed_from_a_targets_url() -> None:
    (target,) = parse("ntfys://ntfy.sh/topic%20x?priority=high&severity=error&repeat=30m&a=%2B")

    assert target.url == "ntfys://ntfy.sh/topic%20x?priority=high&a=%2B"
    assert target.severity is Severity.ERROR
    assert target.repeat_s == 1800


@pytest.mark.parametrize(
    "url", ["tgram://123456789:AAbb_cc/4711", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnl/#general"]
)
def test_keys_and_channels_that_are_no_host_stay_unchanged(url: str) -> None:
    (target,) = parse(f"{url}?severity=error")

    assert target.url == url
    assert target.severity is Severity.ERROR


def test_a_secret_with_a_plus_needs_no_escaping() -> None:
    (target,) = parse(f"webhook+https://h.example/?secret=whsec_{'+/' * 16}")

    assert target.kind == "webhook+https"


def test_severity_and_repeat_do_not_change_a_targets_id() -> None:
    (one,) = parse("slack://a/b/c")
    (other,) = parse("slack://a/b/c?repeat=0&severity=error")

    assert one.id == other.id
    assert other.repeat_s == 0
    assert repeats([one, other], 600.0) == [600.0]


def test_no_secret_is_in_a_targets_text() -> None:
    text = repr(parse(f"webhook+https://me:hunter2@h.example/x?secret={SIGNED} slack://TTT/UUU/VV"))

    assert "hunter2" not in text
    assert SIGNED not in text
    assert "TTT" not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3cret", "target no. 1 is not a URL"),
        ("slack://a/b/c s3cret", "target no. 2 is not a URL"),
        ("carrier-pigeon://s3cret", "target no. 1 (carrier-pigeon) is of no known kind"),
        ("https://h.example/s3cret", "for a webhook write webhook+https://"),
        ("webhook+https://h.example/s3cret", "needs ?secret=whsec_"),
        ("webhook+https://h.example/?secret=s3cret", "needs ?secret=whsec_"),
        (f"webhook+https:///s3cret?secret={SIGNED}", "has no host or key"),
        ("alertmanager+http://h.example:s3cret/", "has a host or port that cannot be parsed"),
        ("pagerduty://", "has no host or key"),
        ("slack://a/b/s3cret?severity=grave", "has a severity that is none: set error or degraded"),
        ("slack://a/b/s3cret?repeat=often", "has a repeat that is not a time"),
        ("slack://a/b/s3cret?repeat=5s", "repeats more often than once a minute"),
        ("slack://a/b/s3cret slack://a/b/s3cret", "target no. 2 (slack) is the same as no. 1"),
    ],
)
def test_an_unusable_target_is_named_by_number_and_kind_and_never_shown(
    text: str, message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        parse(text)
    with pytest.raises(ConfigurationError) as ended:
        load(STORE | {"ALERT_TARGETS": text})

    assert message in str(caught.value)
    assert message in str(ended.value)
    assert "ALERT_TARGETS" in str(ended.value)
    assert "s3cret" not in str(caught.value) + str(ended.value)


def test_an_invalid_ping_url_is_not_shown_either() -> None:
    with pytest.raises(ConfigurationError) as ended:
        load(STORE | {"ALERT_PING_URL": "ftp://s3cret"})

    assert "ALERT_PING_URL: it is not a URL" in str(ended.value)
    assert "s3cret" not in str(ended.value)


def test_alerting_is_off_unless_a_variable_is_set() -> None:
    assert not load(STORE).alerts.on
    assert load(STORE | {"ALERT_TARGETS": "slack://a/b/c"}).alerts.on
    assert load(STORE | {"ALERT_PING_URL": "https://hc.example/x"}).alerts.on


PRINT = """
import json, logging
from apprise.manager_plugins import NotificationManager
logging.disable(logging.CRITICAL)
found = {}
for plugin in NotificationManager().plugins(include_disabled=False):
    for names in (plugin.protocol, plugin.secure_protocol):
        for name in [names] if isinstance(names, str) else names or ():
            found[name] = plugin.__module__.removeprefix("apprise.plugins.")
print(json.dumps(found))
"""


def test_the_table_of_plugins_is_apprises_own() -> None:
    command = [sys.executable, "-W", "ignore", "-c", PRINT]
    known = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    assert {kind: module for kind, module in known.items() if kind not in INCIDENTS} == PLUGINS


def test_every_plugins_module_exists() -> None:
    for module in set(PLUGINS.values()):
        assert importlib.util.find_spec(f"apprise.plugins.{module}")
