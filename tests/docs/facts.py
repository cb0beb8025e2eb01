"""Collect the facts of the code that the docs must contain."""

import ast
import re
from collections.abc import Iterator
from typing import Any, cast

import yaml
from prometheus_client.core import Metric

from schema.heartbeat import (
    Counted,
    IamReport,
    ProcessReport,
    ReplicaReport,
    ServerReport,
    SourceReport,
    Standing,
    WorkerReport,
)
from schema.timestamps import utc_now
from service.alerts.alerting import build
from service.alerts.lease import Stores
from service.alerts.metrics import families
from service.alerts.senders import make
from service.api.live import Live
from service.api.metering import Meters
from service.api.metrics import Facts
from service.aws.client import Aws
from service.instances import CA_SUFFIX, PREFIX
from service.observation import Observation
from service.report_metrics import facts
from service.settings import load
from service.sources import KINDS
from service.variables import GROUPS
from service.verdict.readers import LastReading, Readers
from service.verdict.snapshot import Snapshot
from tests.docs.pages import ROOT
from tests.service.aws.pki import issue
from tests.syntax import parsed

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
ARN = "arn:aws:rolesanywhere:us-west-2:123456789012:"


def settings() -> dict[str, object]:
    """Return every variable of the service, with its default."""
    found: dict[str, object] = {f"{PREFIX}<NAME>": None, f"{PREFIX}<NAME>{CA_SUFFIX}": None}
    for group in GROUPS:
        for field in group.model_fields.values():
            found[str(field.alias)] = None if field.is_required() else field.default
    for kind in KINDS:
        for name, variable in kind.variables.items():
            field = kind.settings.model_fields[name]
            found[variable] = None if field.is_required() else field.default
        found |= dict.fromkeys(kind.urls)
    return found


def endpoints() -> set[str]:
    """Return every path of the API."""
    from service.api.described import described

    return set(described().openapi()["paths"]) | {
        "/",
        "/ws",
        "/docs/{page}",
        "/badge.svg",
        "/badge/{source}.svg",
        "/incidents.atom",
    }


def configuration() -> dict[str, object]:
    """Return every setting of the stack, with its default."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return {key: value.get("default") for key, value in project["config"].items()}


def outputs() -> set[str]:
    """Return the names of the stack's exports."""
    program = parsed((ROOT / "stack" / "__main__.py").read_text())
    calls = [node for node in ast.walk(program) if isinstance(node, ast.Call)]
    exports = [call for call in calls if ast.unparse(call.func) == "pulumi.export"]
    return {ast.literal_eval(call.args[0]) for call in exports}


def targets() -> set[str]:
    """Return the targets of `make` that have a description."""
    texts = [(ROOT / name).read_text() for name in ("Makefile", "stack/stack.mk")]
    return {name for text in texts for name in re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE)}


def options_of_tests() -> set[str]:
    """Return the options that the tests add to pytest."""
    text = (ROOT / "tests" / "platform" / "option.py").read_text()
    return set(re.findall(r'addoption\(\s*"(--[\w-]+)"', text))


def alerts() -> set[str]:
    """Return the names of the alert rules."""
    rules = yaml.safe_load((ROOT / "monitoring" / "alerts.yaml").read_text())
    every = [rule for group in rules["groups"] for rule in group["rules"]]
    return {rule["alert"] for rule in every if "alert" in rule}


def metrics() -> set[str]:
    """Return the names of all Heartbeat's metrics, as in Prometheus."""
    families = [*_of_api(), *_of_worker()]
    names = {f"{each.name}_total" if each.type == "counter" else each.name for each in families}
    return {name for name in names if name.startswith("heartbeat_")}


def events() -> set[str]:
    """Return the event names of all log lines, which must be constants."""
    return {name for path in (ROOT / "service").rglob("*.py") for name in _events(path.read_text())}


def _events(source: str) -> Iterator[str]:
    tree = parsed(source)
    assigned = {
        target.id: ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    loggers = {name for name, value in assigned.items() if "structlog.get_logger(" in value}
    loggers |= {name for name, value in assigned.items() if value.split(".bind(")[0] in loggers}
    ways = {f"{logger}.{level}" for logger in loggers for level in LEVELS}
    ways |= {name for name, value in assigned.items() if set(re.findall(r"\w+\.\w+", value)) & ways}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ways:
            yield from _constants(node.args[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(").log"):
            yield from _constants(node.args[1])  # the level comes first


def _constants(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return [*_constants(node.body), *_constants(node.orelse)]
    assert isinstance(node, ast.Constant), f"no constant names this line: {ast.unparse(node)}"
    return [str(node.value)]


def _report() -> WorkerReport:
    now = utc_now()
    return WorkerReport(
        id="worker-1",
        version="1",
        started_at=now,
        interval_seconds=60,
        next_due=now,
        sources={
            "postgres": SourceReport(
                last_result="ok", latency_ms=1, last_success=now, counted=Counted(writes={"ok": 1})
            )
        },
        process=ProcessReport(resident_bytes=1),
        standing=Standing.DATABASE,
        replicas={"postgres": ReplicaReport(lag_seconds=1.0)},
        servers={"postgres": ServerReport(timeline=1)},
        iam=IamReport(last_result="ok", credentials_expiry=now, certificate_expiry=now),
    )


def _of_api() -> Iterator[Metric]:
    settings, now = load(environ()), utc_now()
    assert settings.aws is not None
    found = Observation(report=_report(), stamp=now)
    snapshot = Snapshot(
        settings=settings,
        aws=Aws(settings.aws).facts(),
        looks={"postgres": LastReading(found=found, at=now, latency_ms=1.0)},
        now=now,
        watching_since=now,
    )
    meters, readers = Meters(), Readers({})
    live = Live(cast("Any", None), lambda _: None, 1)
    yield from meters.registry.collect()
    yield from Facts(snapshot, readers, live, meters).collect()
    yield from _of_alerts()


def _of_alerts() -> Iterator[Metric]:
    alerting = {"ALERT_TARGETS": "ilert://key", "ALERT_PING_URL": "https://ping.example.com"}
    settings = load(environ() | alerting)
    senders = [make(target) for target in settings.alerts.targets()]
    yield from families(
        build(settings, senders, cast("Any", None), Stores(None, cast("Any", None)))
    )


def _of_worker() -> Iterator[Metric]:
    yield from facts(_report())


def environ() -> dict[str, str]:
    """Return the variables of an API with an AWS identity; nothing connects."""
    return {
        "PGHOST": "db",
        "PGDATABASE": "app",
        "PGUSER": "me",
        "PGPASSWORD": "none",
        "SECRETS_MANAGER_SECRET_NAME": "heartbeat",
        **issue("heartbeat-1").variables(),
        "IAM_TRUST_ANCHOR_ARN": f"{ARN}trust-anchor/1",
        "IAM_PROFILE_ARN": f"{ARN}profile/1",
        "IAM_ROLE_ARN": "arn:aws:iam::123456789012:role/heartbeat",
        "AWS_REGION": "us-west-2",
    }
