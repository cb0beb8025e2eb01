"""The endpoints without parameters, and what the API's description says of each."""

from schema.alerts import Alerts
from schema.responses import DbStatus, Health, IamStatus, Ready, SecretStatus
from schema.status import WorkerHealth, WorkerStatus
from service.api import routes
from service.api.alert_routes import alerts
from service.api.direct import Endpoint

ALIVE = "The process answers"

ENDPOINTS = (
    Endpoint("/healthz", routes.livez, ALIVE, Health, "health", has_503=True),
    Endpoint("/livez", routes.livez, ALIVE, Health, "health", has_503=True),
    Endpoint(
        "/readyz",
        routes.readyz,
        "The database has this version's schema",
        Ready,
        "health",
        has_503=True,
    ),
    Endpoint("/db/status", routes.db_status, "PostgreSQL and Valkey", DbStatus),
    Endpoint("/secret/status", routes.secret_status, "AWS Secrets Manager", SecretStatus),
    Endpoint("/iam/status", routes.iam_status, "AWS IAM Roles Anywhere", IamStatus),
    Endpoint(
        "/worker/status",
        routes.worker_status,
        "Every source, the worker and the diagnosis",
        WorkerStatus,
    ),
    Endpoint(
        "/worker/health",
        routes.worker_health,
        "The verdict as an HTTP status",
        WorkerHealth,
        "health",
        has_503=True,
    ),
    Endpoint(
        "/metrics",
        routes.show_metrics,
        "Metrics, for Prometheus",
        None,
        "health",
    ),
    Endpoint("/alerts", alerts, "Open alerts, targets and deliveries", Alerts, "alerts"),
)
"""`service/api/direct.py` calls them, `service/api/described.py` describes them."""
