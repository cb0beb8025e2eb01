"""Check whether docker may push to a repository, by starting an upload.

The upload is cancelled immediately; nothing is stored. Reading the token would prove nothing,
because most registries' tokens are opaque.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
https://distribution.github.io/distribution/spec/auth/token/
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urljoin

from stack.preflight.finding import Finding, bad, good, unknown
from stack.preflight.machine import Machine

ACCEPTED, UNAUTHORIZED, FORBIDDEN = 202, 401, 403
HUB = "docker.io"
HUB_API = "registry-1.docker.io"
HUB_KEY = "https://index.docker.io/v1/"  # how docker's own configuration names Docker Hub
CHALLENGE = re.compile(r'(realm|service)="([^"]*)"')
LOGINS = {
    "registry.digitalocean.com": "`doctl registry login`",
    "ghcr.io": "`docker login ghcr.io` with a token that has write:packages",
}


def check(machine: Machine, config: Mapping[str, Any], repository: str) -> Finding:
    """Check whether docker's login may write.

    Args:
        machine: The machine and network to check.
        config: Docker's `config.json`.
        repository: HOST/PATH.
    """
    host, _, path = repository.partition("/")
    login = LOGINS.get(host, f"`docker login {host}` with a token that may write")
    basic = _login(machine, config, HUB_KEY if host == HUB else host)
    if basic is None:
        return bad("image", f"docker is not logged in to {host}", login)
    api = f"https://{HUB_API if host == HUB else host}/v2/"
    header = _authorization(machine, api, path, basic)
    if header is None:
        return unknown("image", f"{host} cannot be checked for write access", "check the network")
    url = f"{api}{path}/blobs/uploads/"
    begun = machine.send("POST", url, {"Authorization": header})
    if begun.status == ACCEPTED:
        if location := begun.headers.get("location"):
            machine.send("DELETE", urljoin(url, location), {"Authorization": header})
        return good("image", f"docker can build, and may push to {repository}")
    if begun.status in (UNAUTHORIZED, FORBIDDEN):
        return bad("image", f"docker's login at {host} may not push to {path}", login)
    remedy = f"see that {repository} is right, and that the registry exists"
    return unknown("image", f"{host} answers {begun.status} to an upload", remedy)


def _login(machine: Machine, config: Mapping[str, Any], key: str) -> str | None:
    """Return USER:TOKEN in base64, from docker's configuration or its credential helper."""
    helper = (config.get("credHelpers") or {}).get(key) or config.get("credsStore")
    if helper:
        done = machine.run(f"docker-credential-{helper}", "get", stdin=key)
        try:
            kept = json.loads(done.out) if done.code == 0 else {}
        except ValueError:
            kept = {}
        if not kept.get("Username"):
            return None
        return base64.b64encode(f"{kept['Username']}:{kept.get('Secret', '')}".encode()).decode()
    auth = ((config.get("auths") or {}).get(key) or {}).get("auth")
    return str(auth) if auth else None


def _authorization(machine: Machine, api: str, path: str, basic: str) -> str | None:
    """Return the header for a push, with a token if one is required; None without an answer."""
    challenge = machine.send("GET", api, {})
    if challenge.status == 0:
        return None
    challenged = dict(CHALLENGE.findall(challenge.headers.get("www-authenticate", "")))
    if not challenged.get("realm", "").startswith("https://"):
        return f"Basic {basic}"
    query = {"scope": f"repository:{path}:pull,push"}
    query |= {"service": challenged["service"]} if "service" in challenged else {}
    granted = machine.send(
        "GET", f"{challenged['realm']}?{urlencode(query)}", {"Authorization": f"Basic {basic}"}
    )
    body = granted.body if isinstance(granted.body, dict) else {}
    token = body.get("token") or body.get("access_token")
    return f"Bearer {token}" if token else f"Basic {basic}"
