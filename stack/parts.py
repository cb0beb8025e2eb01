"""The arguments of the app, and the parts that its components share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_digitalocean as digitalocean

from stack.databases import Cluster
from stack.environment import Variable
from stack.image import GitSource, RegistryImage, Source

ALERT_WINDOW = "TEN_MINUTES"
# Over these for ten minutes: percent, percent, restarts.
ALERT_LIMITS = {"CPU_UTILIZATION": 80, "MEM_UTILIZATION": 80, "RESTART_COUNT": 2}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class AppArgs:
    """The arguments of the app.

    Attributes:
        name: The app's name, unique in the account.
        region: App Platform's region, three letters.
        vpc_id: The VPC to join, None for none.
        source: The image of all components.
        databases: Clusters to attach.
        environment: The variables of every component.
        secrets: The encrypted variables at the app's level.
        sends_secrets: Whether this `up` sends the secrets again.
        sends_recipients: Whether it sends the alerts' recipients again.
        protect: Whether Pulumi refuses to delete the app. All else would go after it: so a
            destroy that some part refuses has taken nothing away.
        api_size: Instance size of the API.
        api_instances: Instances of the API.
        worker_size: Instance size of worker and migration.
        worker_instances: Instances of the worker; one beats, the others stand by.
        migrate: Whether a PRE_DEPLOY job migrates.
        alert_emails: Recipients of alerts; none leaves the account's default.
        log_destination: As the setting, None for none.
        log_token: What the log destination asks for.
        image_credentials: USER:TOKEN of a private registry.
        domain: A name of one's own, None for the platform's alone.
    """

    name: str
    region: str
    vpc_id: pulumi.Input[str] | None
    source: Source
    databases: Sequence[Cluster]
    environment: Sequence[Variable]
    secrets: Sequence[Variable]
    sends_secrets: bool
    sends_recipients: bool
    protect: bool
    api_size: str
    api_instances: int
    worker_size: str
    worker_instances: int
    migrate: bool
    alert_emails: Sequence[str]
    log_destination: str | None
    log_token: pulumi.Input[str] | None
    image_credentials: pulumi.Input[str] | None
    domain: digitalocean.AppSpecDomainNameArgs | None


def image(args: AppArgs, make: Callable[..., T]) -> T | None:
    """Return the image, by a component's own class; None if App Platform builds it."""
    source = args.source
    if not isinstance(source, RegistryImage):
        return None
    return make(
        registry_type=source.registry_type,
        registry=source.registry,
        repository=source.repository,
        tag=source.tag,
        digest=source.digest,
        registry_credentials=args.image_credentials,
    )


def git(source: Source, make: Callable[..., T]) -> T | None:
    """Return the repository, by a component's own class; None if there is an image."""
    if not isinstance(source, GitSource):
        return None
    return make(repo_clone_url=source.url, branch=source.branch)


def dockerfile(source: Source) -> str | None:
    """Return the Dockerfile for App Platform, None if there is an image."""
    return "Dockerfile" if isinstance(source, GitSource) else None


def environment(args: AppArgs, make: Callable[..., T]) -> list[T]:
    """Return the environment, by a component's own class."""
    return [
        make(key=variable.key, value=variable.value, type="GENERAL", scope="RUN_TIME")
        for variable in args.environment
    ]


def alerts(args: AppArgs, make: Callable[..., T], destinations: Callable[..., object]) -> list[T]:
    """Return alerts on CPU, memory and restarts, by a component's own classes."""
    to = destinations(emails=args.alert_emails) if args.alert_emails else None
    return [
        make(rule=rule, operator="GREATER_THAN", value=limit, window=ALERT_WINDOW, destinations=to)
        for rule, limit in ALERT_LIMITS.items()
    ]
