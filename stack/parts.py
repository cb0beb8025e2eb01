"""The arguments of the app, and the parts that its components share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
from pydantic import SecretStr

from stack.databases import Cluster
from stack.environment import Variable
from stack.image import GitSource, RegistryImage, Source
from stack.settings import Settings

ALERT_WINDOW = "TEN_MINUTES"
# Over these for ten minutes: percent, percent, restarts.
ALERT_LIMITS = {"CPU_UTILIZATION": 80, "MEM_UTILIZATION": 80, "RESTART_COUNT": 2}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class AppArgs:
    """The arguments of the app.

    Attributes:
        chosen: The settings.
        vpc_id: The VPC to join, None for none.
        source: The image of all components.
        databases: Clusters to attach.
        environment: The variables of every component.
        secrets: The encrypted variables at the app's level.
        sends_secrets: Whether this `up` sends the secrets again.
        sends_recipients: Whether it sends the alerts' recipients again.
    """

    chosen: Settings
    vpc_id: pulumi.Input[str] | None
    source: Source
    databases: Sequence[Cluster]
    environment: Sequence[Variable]
    secrets: Sequence[Variable]
    sends_secrets: bool
    sends_recipients: bool


def hidden(secret: SecretStr | None) -> pulumi.Output[str] | None:
    """Return a setting that Pulumi encrypts in its state."""
    return None if secret is None else pulumi.Output.secret(secret.get_secret_value())


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
        registry_credentials=hidden(args.chosen.image_credentials),
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
    emails = args.chosen.alert_emails
    to = destinations(emails=emails) if emails else None
    return [
        make(rule=rule, operator="GREATER_THAN", value=limit, window=ALERT_WINDOW, destinations=to)
        for rule, limit in ALERT_LIMITS.items()
    ]
