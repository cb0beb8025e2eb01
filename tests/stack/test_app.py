from typing import Any

from service import settings
from tests.stack import bindables, recorder
from tests.stack.conftest import Program
from tests.stack.recording import Recording


def _component(recording: Recording, name: str) -> dict[str, Any]:
    return next(c for c in recording.components if c["name"] == name)


def test_each_component_runs_its_command_and_gets_sigterm(program: Program) -> None:
    commands = {c["name"]: c["runCommand"] for c in program().components}

    assert commands == {
        name: f"exec python -m service {name}" for name in ("api", "worker", "migrate")
    }


def test_the_health_check_touches_no_store(program: Program) -> None:
    api = _component(program(), "api")

    assert api["healthCheck"]["httpPath"] == "/healthz"
    assert api["healthCheck"]["port"] == api["httpPort"] == 8080


def test_the_workers_liveness_is_checked_on_its_own_port(program: Program) -> None:
    worker = _component(program(), "worker")

    assert worker["livenessHealthCheck"]["httpPath"] == "/livez"
    assert worker["livenessHealthCheck"]["port"] == 8081
    assert worker["termination"]["gracePeriodSeconds"] > 20
    assert worker["instanceCount"] == 1


def test_a_second_worker_stands_by_while_the_migration_still_runs_once(program: Program) -> None:
    two = program(workerInstances="2", workerSize="apps-s-1vcpu-1gb")

    assert _component(two, "worker")["instanceCount"] == 2
    assert _component(two, "migrate")["instanceCount"] == 1


def test_the_migration_runs_before_each_deployment(program: Program) -> None:
    assert _component(program(), "migrate")["kind"] == "PRE_DEPLOY"


def test_a_fix_can_be_deployed_while_postgresql_is_down(program: Program) -> None:
    assert (
        "jobs" not in program(migrateAtDeploy="false").spec
        or not program(migrateAtDeploy="false").spec["jobs"]
    )


def test_api_and_worker_alert_on_cpu_memory_and_restarts(program: Program) -> None:
    for name in ("api", "worker"):
        alerts = _component(program("everything optional"), name)["alerts"]

        rules = {a["rule"] for a in alerts}
        assert rules == {"CPU_UTILIZATION", "MEM_UTILIZATION", "RESTART_COUNT"}
        assert all(a["destinations"] == {"emails": ["on-call@example.org"]} for a in alerts)


def test_a_failed_deployment_alerts(program: Program) -> None:
    rules = {a["rule"] for a in program().spec["alerts"]}

    assert "DEPLOYMENT_FAILED" in rules


def test_logs_are_forwarded_to_the_configured_destination(program: Program) -> None:
    for component in program("everything optional").components:
        (destination,) = component["logDestinations"]

        assert destination["papertrail"] == {"endpoint": "logs.example.org:12345"}


def test_everything_is_routed_to_the_api_uncached(program: Program) -> None:
    spec = program().spec

    assert spec["ingress"]["rules"] == [
        {"match": {"path": {"prefix": "/"}}, "component": {"name": "api"}}
    ]
    assert spec["disableEdgeCache"] is True


def test_the_apps_own_variables_are_only_the_secrets(program: Program) -> None:
    app = program().one("index/app:App")

    envs = app.inputs["spec"]["envs"]
    assert [e["key"] for e in envs] == ["IAM_CLIENT_KEY", "DASHBOARD_PASSWORD"]
    assert {e["type"] for e in envs} == {"SECRET"}
    assert app.secret_paths == {f"spec.envs[{i}].value" for i in range(2)}


def test_alert_targets_and_headers_are_secrets_of_the_app(program: Program) -> None:
    app = program("everything optional").one("index/app:App")

    envs = app.inputs["spec"]["envs"]
    keys = ["ALERT_TARGETS", "ALERT_PING_URL", "OTEL_EXPORTER_OTLP_HEADERS"]
    assert [e["key"] for e in envs][2:] == keys
    assert app.secret_paths == {f"spec.envs[{i}].value" for i in range(5)}
    whole = settings.load(bindables.environ(app.inputs["spec"], "api"))
    assert whole.telemetry.metrics_url == "https://otlp.example.org/v1/metrics"
    loaded = whole.alerts
    assert [target.kind for target in loaded.targets()] == ["ilert", "pagerduty"]
    assert loaded.public_url == "https://heartbeat-xxxxx.ondigitalocean.app"


def test_a_public_dashboard_overrides_the_stored_password(program: Program) -> None:
    private, public = program().spec, program("public dashboard").spec

    assert [e["key"] for e in public["envs"]] == [e["key"] for e in private["envs"]]
    assert settings.load(bindables.environ(public, "api")).process.dashboard_password is None
    password = settings.load(bindables.environ(private, "api")).process.dashboard_password
    assert password is not None
    assert password.get_secret_value() == recorder.PASSWORD


def test_changes_of_secrets_are_ignored_unless_they_are_sent_again(program: Program) -> None:
    def ignored(recording: Recording) -> list[str]:
        return list(recording.one("index/app:App").request.ignoreChanges)

    assert "spec.envs" in ignored(program())
    assert "spec.envs" not in ignored(program(updateSecrets="true"))
    assert "spec.envs" not in ignored(program("rotating"))


def test_alert_recipients_are_sent_only_after_a_change() -> None:
    chosen = {"alertEmails": '["on-call@example.org"]'}
    first = recorder.run(chosen)

    again = recorder.run(chosen, before=first.exports)
    changed = recorder.run({"alertEmails": '["b@example.org"]'}, before=first.exports)

    assert first.exports["alertEmails"] == ["on-call@example.org"]
    assert _ignored(again) - _ignored(first) == {
        "spec.alerts[*].destinations",
        "spec.services[*].alerts[*].destinations",
        "spec.workers[*].alerts[*].destinations",
    }
    assert _ignored(changed) == _ignored(first)


def test_only_the_first_deployment_has_a_timeout(program: Program) -> None:
    timeouts = program().one("index/app:App").request.customTimeouts

    assert timeouts.create == "45m"
    assert not timeouts.update  # the provider knows none


def _ignored(recording: Recording) -> set[str]:
    return set(recording.one("index/app:App").request.ignoreChanges)
