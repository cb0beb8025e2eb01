"""Check that the configured image can be deployed."""

import re
from collections.abc import Mapping
from typing import Any

from stack.image import RegistryImage, published
from stack.preflight import registry
from stack.preflight.digitalocean import API, OK
from stack.preflight.finding import Finding, Findings, bad, good, unknown
from stack.preflight.machine import Machine, get
from stack.settings import Settings

TOKENS = {  # the registries' addresses of anonymous tokens
    "GHCR": "https://ghcr.io/token?scope=repository:{path}:pull",
    "DOCKER_HUB": "https://auth.docker.io/token?service=registry.docker.io&scope=repository:{path}:pull",
}
MANIFESTS = {
    "GHCR": "https://ghcr.io/v2/{path}/manifests/{reference}",
    "DOCKER_HUB": "https://registry-1.docker.io/v2/{path}/manifests/{reference}",
}
PLACEHOLDER = re.compile(r"https://github\.com/(example|YOU|YOUR-NAME|OWNER)/")
ACCEPT = (
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)


def check(
    machine: Machine, environ: Mapping[str, str], docker: Mapping[str, Any], settings: Settings
) -> Findings:
    """Check the image source; `docker` is the content of docker's `config.json`."""
    if settings.image_git:
        yield _git(machine, settings.image_git, settings.image_branch)
    elif settings.image_build:
        yield _build(machine, docker, settings.image_build)
    elif settings.image:
        image = published(settings.image)
        token = environ.get("DIGITALOCEAN_TOKEN", "")
        yield _docr(machine, image, token) if image.registry is None else _public(machine, image)


def _git(machine: Machine, url: str, branch: str) -> Finding:
    if PLACEHOLDER.match(url):
        remedy = "`pulumi config set imageGit https://github.com/YOUR-NAME/heartbeat.git`"
        return bad("image", "imageGit is still the example, not your repository", remedy)
    found = machine.run("git", "ls-remote", "--exit-code", "--heads", url, branch)
    if found.code == 0:
        return good("image", f"git has {branch}")
    return bad("image", f"no branch {branch} at {url}", "push it, or mend imageGit and imageBranch")


def _build(machine: Machine, docker: Mapping[str, Any], repository: str) -> Finding:
    if machine.run("docker", "buildx", "version").code != 0:
        remedy = "start Docker, or use image or imageGit instead"
        return bad("image", "no docker with buildx", remedy)
    return registry.check(machine, docker, repository)


def _docr(machine: Machine, image: RegistryImage, token: str) -> Finding:
    headers = {"Authorization": f"Bearer {token}"}
    found = get(machine, f"{API}/registry", headers)
    if found.status != OK:
        return unknown(
            "image", "the account's registry cannot be read", "give the token registry:*"
        )
    name, kind = found.body["registry"]["name"], "tags" if image.tag else "digests"
    path = f"{API}/registry/{name}/repositories/{image.repository}/{kind}?per_page=200"
    entries = (get(machine, path, headers).body or {}).get(
        "tags" if image.tag else "manifests"
    ) or []
    wanted = image.tag or image.digest
    if wanted in [entry.get("tag") or entry.get("digest") for entry in entries]:
        return good("image", f"{wanted} is in {name}/{image.repository}")
    return bad("image", f"{name}/{image.repository} has no {wanted}", "push it, or mend image")


def _public(machine: Machine, image: RegistryImage) -> Finding:
    path, reference = f"{image.registry}/{image.repository}", image.tag or image.digest
    granted = get(machine, TOKENS[image.registry_type].format(path=path))
    if granted.status == 0:
        return unknown("image", "its registry cannot be reached", "check the network")
    token = (granted.body or {}).get("token", "")
    manifest = get(
        machine,
        MANIFESTS[image.registry_type].format(path=path, reference=reference),
        {"Authorization": f"Bearer {token}", "Accept": ACCEPT},
    )
    if manifest.status == OK:
        return good("image", f"{path} has {reference}")
    return bad(
        "image", f"{path} has no public {reference}", "push it, make it public, or mend image"
    )
