"""The app's three components, from one image and with one environment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_digitalocean as digitalocean

from stack.databases import Cluster
from stack.environment import HEALTH_PORT, HTTP_PORT, Variable
from stack.image import GitSource, RegistryImage, Source

API, WORKER, MIGRATION = "api", "worker", "migrate"
# App Platform runs it in a shell, which would keep SIGTERM to itself without `exec`.
COMMAND = "exec python -m service"
DRAIN_S = 15  # requests under way end while the load balancer turns away
GRACE_S = 30  # the service's own shutdown takes at most 10 s for writes, and then some to close
ALERT_WINDOW = "TEN_MINUTES"
# Over these for ten minutes: percent, percent, restarts.
ALERT_LIMITS = {"CPU_UTILIZATION": 80, "MEM_UTILIZATION": 80, "RESTART_COUNT": 2}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class AppArgs:
    """What the app is made of.

    Attributes:
        name: The app's name, unique in the account.
        region: App Platform's region, three letters.
        vpc_id: The VPC to join, None for none.
        source: The image of all components.
        databases: Clusters to attach.
        environment: What every component gets.
        secrets: What stands encrypted at the app's level.
        sends_secrets: Whether this `up` sends the secrets again.
        api_size: Instance size of the API.
        api_instances: Instances of the API.
        worker_size: Instance size of worker and migration.
        migrate: Whether a PRE_DEPLOY job migrates.
        alert_emails: Recipients of alerts; none leaves the account's default.
        log_destination: A Papertrail endpoint HOST:PORT, None for none.
    """

    name: str
    region: str
    vpc_id: pulumi.Input[str] | None
    source: Source
    databases: Sequence[Cluster]
    environment: Sequence[Variable]
    secrets: Sequence[Variable]
    sends_secrets: bool
    api_size: str
    api_instances: int
    worker_size: str
    migrate: bool
    alert_emails: Sequence[str]
    log_destination: str | None


def api(args: AppArgs) -> digitalocean.AppSpecServiceArgs:
    """The API and its page.

    Its health check touches no store: the page must be there exactly when a store is not.
    """
    return digitalocean.AppSpecServiceArgs(
        name=API,
        run_command=f"{COMMAND} api",
        image=_image(args.source, digitalocean.AppSpecServiceImageArgs),
        git=_git(args.source, digitalocean.AppSpecServiceGitArgs),
        dockerfile_path=_dockerfile(args.source),
        instance_size_slug=args.api_size,
        instance_count=args.api_instances,
        http_port=HTTP_PORT,
        envs=_environment(args, digitalocean.AppSpecServiceEnvArgs),
        health_check=digitalocean.AppSpecServiceHealthCheckArgs(
            http_path="/healthz",
            port=HTTP_PORT,
            initial_delay_seconds=5,
            period_seconds=10,
            timeout_seconds=3,
            failure_threshold=3,
        ),
        termination=digitalocean.AppSpecServiceTerminationArgs(
            drain_seconds=DRAIN_S, grace_period_seconds=GRACE_S
        ),
        alerts=_alerts(
            args,
            digitalocean.AppSpecServiceAlertArgs,
            digitalocean.AppSpecServiceAlertDestinationsArgs,
        ),
        log_destinations=_log(
            args,
            digitalocean.AppSpecServiceLogDestinationArgs,
            digitalocean.AppSpecServiceLogDestinationPapertrailArgs,
        ),
    )


def worker(args: AppArgs) -> digitalocean.AppSpecWorkerArgs:
    """The worker; its liveness says that its loop runs, never that a store is well."""
    return digitalocean.AppSpecWorkerArgs(
        name=WORKER,
        run_command=f"{COMMAND} worker",
        image=_image(args.source, digitalocean.AppSpecWorkerImageArgs),
        git=_git(args.source, digitalocean.AppSpecWorkerGitArgs),
        dockerfile_path=_dockerfile(args.source),
        instance_size_slug=args.worker_size,
        instance_count=1,
        envs=_environment(args, digitalocean.AppSpecWorkerEnvArgs),
        liveness_health_check=digitalocean.AppSpecWorkerLivenessHealthCheckArgs(
            http_path="/livez",
            port=HEALTH_PORT,
            initial_delay_seconds=30,
            period_seconds=30,
            timeout_seconds=5,
            failure_threshold=3,
        ),
        termination=digitalocean.AppSpecWorkerTerminationArgs(grace_period_seconds=GRACE_S),
        alerts=_alerts(
            args,
            digitalocean.AppSpecWorkerAlertArgs,
            digitalocean.AppSpecWorkerAlertDestinationsArgs,
        ),
        log_destinations=_log(
            args,
            digitalocean.AppSpecWorkerLogDestinationArgs,
            digitalocean.AppSpecWorkerLogDestinationPapertrailArgs,
        ),
    )


def migration(args: AppArgs) -> digitalocean.AppSpecJobArgs:
    """The migration; if it fails, the deployment is cancelled and the old version serves on."""
    return digitalocean.AppSpecJobArgs(
        name=MIGRATION,
        kind="PRE_DEPLOY",
        run_command=f"{COMMAND} migrate",
        image=_image(args.source, digitalocean.AppSpecJobImageArgs),
        git=_git(args.source, digitalocean.AppSpecJobGitArgs),
        dockerfile_path=_dockerfile(args.source),
        instance_size_slug=args.worker_size,
        instance_count=1,
        envs=_environment(args, digitalocean.AppSpecJobEnvArgs),
        log_destinations=_log(
            args,
            digitalocean.AppSpecJobLogDestinationArgs,
            digitalocean.AppSpecJobLogDestinationPapertrailArgs,
        ),
    )


def _image(source: Source, make: Callable[..., T]) -> T | None:
    if not isinstance(source, RegistryImage):
        return None
    return make(
        registry_type=source.registry_type,
        registry=source.registry,
        repository=source.repository,
        tag=source.tag,
        digest=source.digest,
    )


def _git(source: Source, make: Callable[..., T]) -> T | None:
    if not isinstance(source, GitSource):
        return None
    return make(repo_clone_url=source.url, branch=source.branch)


def _dockerfile(source: Source) -> str | None:
    return "Dockerfile" if isinstance(source, GitSource) else None


def _environment(args: AppArgs, make: Callable[..., T]) -> list[T]:
    return [
        make(key=variable.key, value=variable.value, type="GENERAL", scope="RUN_TIME")
        for variable in args.environment
    ]


def _alerts(args: AppArgs, make: Callable[..., T], destinations: Callable[..., object]) -> list[T]:
    to = destinations(emails=args.alert_emails) if args.alert_emails else None
    return [
        make(rule=rule, operator="GREATER_THAN", value=limit, window=ALERT_WINDOW, destinations=to)
        for rule, limit in ALERT_LIMITS.items()
    ]


def _log(args: AppArgs, make: Callable[..., T], papertrail: Callable[..., object]) -> list[T]:
    if args.log_destination is None:
        return []
    return [make(name="papertrail", papertrail=papertrail(endpoint=args.log_destination))]
