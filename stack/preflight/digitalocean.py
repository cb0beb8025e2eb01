"""Check DigitalOcean: the token's rights, the app's name, regions, and existing resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.preflight.finding import Finding, Findings, bad, good, unknown, warning
from stack.preflight.machine import Answer, Machine, get
from stack.settings import Settings

API = "https://api.digitalocean.com/v2"
LOGIN_REMEDY = "export DIGITALOCEAN_TOKEN, made at cloud.digitalocean.com/account/api/tokens"
SCOPES = {
    "app": "apps",
    "database": "databases",
    "vpc": "vpcs",
}  # what the program creates; each needs read, create and more
KEY_SCOPE = {"spaces_key": "spaces/keys"}  # for buckets at DigitalOcean
CREDENTIALS = ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
CREDENTIALS_REMEDY = (
    "the provider makes buckets with a key of full access: "
    "`doctl spaces keys create NAME --grants 'bucket=;permission=fullaccess'`"
)
CLOSE_REMEDY = (
    "`make deploy` closes it once the app is deployed; until then "
    "`doctl databases firewalls append CLUSTER_ID --rule ip_addr:YOUR_ADDRESS` does"
)
OK, UNAUTHORIZED, FORBIDDEN, MISSING = 200, 401, 403, 404


@dataclass(frozen=True)
class Account:
    """The API with a token."""

    machine: Machine
    token: str

    def get(self, path: str) -> Answer:
        """Send a request to the API."""
        return get(self.machine, f"{API}/{path}", {"Authorization": f"Bearer {self.token}"})

    def all(self, path: str, key: str) -> list[dict[str, Any]] | None:
        """Return a list, its first 200 entries; None if it may not be read."""
        answer = self.get(f"{path}?per_page=200")
        return (answer.body or {}).get(key) or [] if answer.status == OK else None


def check(
    machine: Machine, environ: Mapping[str, str], settings: Settings | None, app_id: str | None
) -> Findings:
    """Check what an `up` needs of DigitalOcean; `app_id` is the stack's app, None before it."""
    token = environ.get("DIGITALOCEAN_TOKEN") or environ.get("DIGITALOCEAN_ACCESS_TOKEN")
    if not token:
        yield bad("DigitalOcean", "no token", LOGIN_REMEDY)
        return
    account = Account(machine, token)
    login = account.get("account").status
    if login == UNAUTHORIZED:
        yield bad("DigitalOcean", "the token is refused", LOGIN_REMEDY)
        return
    if login == 0:
        yield unknown("DigitalOcean", "its API cannot be reached", "check the network")
        return
    yield good("DigitalOcean", "the token is accepted")
    yield from _scopes(account, SCOPES)
    if settings:
        yield from _name(account, settings, app_id)
        yield _region(account, settings)
        yield from _existing(account, settings)
        yield from _open(account, settings)
        if settings.spaces:
            yield from _scopes(account, KEY_SCOPE)
            yield from _spaces(machine, environ, settings)


def _scopes(account: Account, scopes: Mapping[str, str]) -> Findings:
    for scope, path in scopes.items():
        if account.get(f"{path}?per_page=1").status == FORBIDDEN:
            yield bad("DigitalOcean", f"the token may not read {path}", f"give it {scope}:*")


def _name(account: Account, settings: Settings, app_id: str | None) -> Findings:
    for app in account.all("apps", "apps") or []:
        if app["spec"]["name"] == settings.name and app["id"] != app_id:
            remedy = "choose another name: pulumi config set name NAME"
            yield bad("name", f"another app is called {settings.name}", remedy)


def _region(account: Account, settings: Settings) -> Finding:
    regions = account.all("apps/regions", "regions") or []
    region = next((r for r in regions if r["slug"] == settings.region), None)
    if region is None:
        return unknown("region", f"App Platform does not list {settings.region}", "see doctl apps")
    if settings.cluster_region in region["data_centers"]:
        return good("region", f"{settings.region} is in {settings.cluster_region}")
    return warning(
        "region",
        f"{settings.region} is in {', '.join(region['data_centers'])}",
        f"stack/regions.py says {settings.cluster_region}: correct it, or set network to public",
    )


def _existing(account: Account, settings: Settings) -> Findings:
    wanted = [name for name in (settings.postgres_cluster, settings.valkey_cluster) if name]
    clusters = {c["name"]: c for c in account.all("databases", "databases") or []} if wanted else {}
    for name in wanted:
        if name not in clusters:
            yield bad("cluster", f"there is no {name}", "doctl databases list")
        elif settings.vpc_id and clusters[name].get("private_network_uuid") != settings.vpc_id:
            remedy = f"set vpcId to {clusters[name].get('private_network_uuid')}"
            yield bad("cluster", f"{name} is in another VPC", remedy)
        else:
            yield good("cluster", f"{name} exists")


def _open(account: Account, settings: Settings) -> Findings:
    """List the stack's own clusters that are open to the internet, as after a failed first `up`."""
    own = {f"{settings.name}-{each.binding}" for each in settings.clusters if not each.existing}
    for cluster in account.all("databases", "databases") or []:
        if cluster["name"] not in own:
            continue
        answer = account.get(f"databases/{cluster['id']}/firewall")
        if answer.status != OK:
            remedy = "give the token database:read"
            yield unknown("firewall", f"cannot see who may reach {cluster['name']}", remedy)
        elif not (answer.body or {}).get("rules"):
            says = f"{cluster['name']} is open to the internet: it has no trusted sources"
            yield warning("firewall", says, CLOSE_REMEDY)
        else:
            yield good("firewall", f"{cluster['name']} has trusted sources")


def _spaces(machine: Machine, environ: Mapping[str, str], settings: Settings) -> Findings:
    """Check that new buckets have their credentials, and that existing buckets exist.

    No login is needed: a private bucket answers 403, and a missing one 404.
    """
    missing = [name for name in CREDENTIALS if not environ.get(name)]
    if missing and any(each.existing is None for each in settings.spaces):
        yield bad("Spaces", f"{' and '.join(missing)} is not set", CREDENTIALS_REMEDY)
    for bucket in settings.spaces:
        if bucket.existing is None:
            continue
        region = bucket.region or settings.cluster_region
        status = get(machine, f"https://{region}.digitaloceanspaces.com/{bucket.existing}").status
        if status == MISSING:
            remedy = "correct existing or region in buckets"
            yield bad("bucket", f"there is no {bucket.existing} in {region}", remedy)
        elif status:
            yield good("bucket", f"{bucket.existing} exists")
        else:
            yield unknown("bucket", f"{region} of Spaces cannot be reached", "check the network")
