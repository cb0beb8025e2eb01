"""The app's three components, from one image and with one environment."""

import pulumi_digitalocean as digitalocean

from stack import logs, parts
from stack.environment import HEALTH_PORT, HTTP_PORT
from stack.parts import AppArgs

API, WORKER, MIGRATION = "api", "worker", "migrate"
# App Platform runs it in a shell, which would keep SIGTERM to itself without `exec`.
COMMAND = "exec python -m service"
DRAIN_S = 15  # requests in flight end while the load balancer stops sending new ones
GRACE_S = 30  # the service's own shutdown takes at most 10 s for writes, and then some to close


def api(args: AppArgs) -> digitalocean.AppSpecServiceArgs:
    """Describe the API, which serves its page too.

    Its health check touches no store: the page must be available exactly when a store is not.
    """
    return digitalocean.AppSpecServiceArgs(
        name=API,
        run_command=f"{COMMAND} api",
        image=parts.image(args, digitalocean.AppSpecServiceImageArgs),
        git=parts.git(args.source, digitalocean.AppSpecServiceGitArgs),
        dockerfile_path=parts.dockerfile(args.source),
        instance_size_slug=args.chosen.api_size,
        instance_count=args.chosen.api_instances,
        http_port=HTTP_PORT,
        envs=parts.environment(args, digitalocean.AppSpecServiceEnvArgs),
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
        alerts=parts.alerts(
            args,
            digitalocean.AppSpecServiceAlertArgs,
            digitalocean.AppSpecServiceAlertDestinationsArgs,
        ),
        log_destinations=logs.destinations(args, "Service"),
    )


def worker(args: AppArgs) -> digitalocean.AppSpecWorkerArgs:
    """Describe the worker; its liveness depends on its loop, never on a store."""
    return digitalocean.AppSpecWorkerArgs(
        name=WORKER,
        run_command=f"{COMMAND} worker",
        image=parts.image(args, digitalocean.AppSpecWorkerImageArgs),
        git=parts.git(args.source, digitalocean.AppSpecWorkerGitArgs),
        dockerfile_path=parts.dockerfile(args.source),
        instance_size_slug=args.chosen.worker_size,
        instance_count=args.chosen.worker_instances,
        envs=parts.environment(args, digitalocean.AppSpecWorkerEnvArgs),
        liveness_health_check=digitalocean.AppSpecWorkerLivenessHealthCheckArgs(
            http_path="/livez",
            port=HEALTH_PORT,
            initial_delay_seconds=30,
            period_seconds=30,
            timeout_seconds=5,
            failure_threshold=3,
        ),
        termination=digitalocean.AppSpecWorkerTerminationArgs(grace_period_seconds=GRACE_S),
        alerts=parts.alerts(
            args,
            digitalocean.AppSpecWorkerAlertArgs,
            digitalocean.AppSpecWorkerAlertDestinationsArgs,
        ),
        log_destinations=logs.destinations(args, "Worker"),
    )


def migration(args: AppArgs) -> digitalocean.AppSpecJobArgs:
    """Describe the migration; if it fails, App Platform keeps the old version running."""
    return digitalocean.AppSpecJobArgs(
        name=MIGRATION,
        kind="PRE_DEPLOY",
        run_command=f"{COMMAND} migrate",
        image=parts.image(args, digitalocean.AppSpecJobImageArgs),
        git=parts.git(args.source, digitalocean.AppSpecJobGitArgs),
        dockerfile_path=parts.dockerfile(args.source),
        instance_size_slug=args.chosen.worker_size,
        instance_count=1,
        envs=parts.environment(args, digitalocean.AppSpecJobEnvArgs),
        log_destinations=logs.destinations(args, "Job"),
    )
