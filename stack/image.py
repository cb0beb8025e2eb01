"""The source of the app's one image: published, built here, or built by App Platform."""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_docker_build as docker_build

# Relative, so that the state is the same on every machine; Pulumi runs the program in stack/.
CONTEXT = ".."
PLATFORM = docker_build.Platform.LINUX_AMD64  # what App Platform runs

RegistryType = Literal["DOCR", "GHCR", "DOCKER_HUB"]
REGISTRY_TYPES: dict[str, RegistryType] = {
    "registry.digitalocean.com": "DOCR",
    "ghcr.io": "GHCR",
    "docker.io": "DOCKER_HUB",
}


@dataclass(frozen=True, kw_only=True)
class RegistryImage:
    """An image in a registry, by tag or by digest, never both.

    Attributes:
        registry_type: The kind of registry.
        registry: Its owner; None for DigitalOcean, which knows the account's one registry.
        repository: The repository in the registry.
        tag: A name that may move; an `up` does not see it move.
        digest: The image itself, `sha256:…`.
    """

    registry_type: RegistryType
    registry: str | None
    repository: str
    tag: str | None = None
    digest: pulumi.Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class GitSource:
    """A public git repository whose Dockerfile App Platform builds."""

    url: str
    branch: str


Source = RegistryImage | GitSource


def source(image: str | None, build: str | None, git: str | None, branch: str, tag: str) -> Source:
    """Return the image of all components.

    Args:
        image: A published image, HOST/PATH@DIGEST or HOST/PATH:TAG.
        build: Build here and push to this repository, HOST/PATH, with the login of `docker login`
            or `doctl registry login`. The registry must exist.
        git: A repository's https address.
        branch: The branch of `git`.
        tag: The tag for what is built here; deployed is its digest.
    """
    if image is not None:
        return published(image)
    if build is not None:
        return _located(build, digest=_built(f"{build}:{tag}").digest)
    if git is None:
        msg = "no image source: the settings let exactly one through"
        raise ValueError(msg)
    return GitSource(url=git, branch=branch)


def published(reference: str) -> RegistryImage:
    """Parse `HOST/PATH@sha256:DIGEST` or `HOST/PATH:TAG`.

    Raises:
        ValueError: The host is none of the registries that App Platform pulls from.
    """
    repository, at, digest = reference.partition("@")
    if at:
        return _located(repository, digest=digest)
    repository, _, tag = reference.rpartition(":")
    return _located(repository, tag=tag)


def _built(reference: str) -> docker_build.Image:
    return docker_build.Image(
        "image",
        docker_build.ImageArgs(
            context=docker_build.BuildContextArgs(location=CONTEXT),
            dockerfile=docker_build.DockerfileArgs(location=f"{CONTEXT}/Dockerfile"),
            target="service",
            platforms=[PLATFORM],
            tags=[reference],
            push=True,
            build_on_preview=False,
        ),
    )


def _located(
    path: str, *, tag: str | None = None, digest: pulumi.Input[str] | None = None
) -> RegistryImage:
    host, owner, repository = path.split("/", 2)
    if host not in REGISTRY_TYPES:
        msg = f"{host!r} is none of {', '.join(REGISTRY_TYPES)}"
        raise ValueError(msg)
    kind = REGISTRY_TYPES[host]
    return RegistryImage(
        registry_type=kind,
        registry=None if kind == "DOCR" else owner,
        repository=repository,
        tag=tag,
        digest=digest,
    )
