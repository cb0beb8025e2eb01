"""Check what is deployed: its certificate, and whether its dashboard is protected."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from stack.certificates import CLIENT_RENEWAL_H
from stack.preflight.finding import Finding, Findings, bad, good, warning
from stack.preflight.machine import Machine, get
from stack.settings import Settings

UNAUTHORIZED = 401


def outputs(machine: Machine, stack: str) -> dict[str, str]:
    """Return the stack's exports; empty before the first `up` or without Pulumi."""
    done = machine.run("pulumi", "stack", "output", "--json", "--stack", stack)
    return dict(json.loads(done.out)) if done.code == 0 and done.out else {}


def check(
    machine: Machine, exports: Mapping[str, str], settings: Settings | None, now: datetime
) -> Findings:
    """Check the deployed app."""
    if "certificateExpiry" in exports:
        yield _certificate(datetime.fromisoformat(exports["certificateExpiry"]), now)
    if settings and "url" in exports:
        yield _dashboard(machine, exports["url"], settings)


def _certificate(expiry: datetime, now: datetime) -> Finding:
    left = expiry - now
    if left <= timedelta():
        return bad("certificate", f"expired on {expiry:%Y-%m-%d}", "pulumi up renews it")
    if left < timedelta(hours=CLIENT_RENEWAL_H):
        return warning("certificate", f"{left.days} days left", "pulumi up renews it")
    return good("certificate", f"{left.days} days left")


def _dashboard(machine: Machine, url: str, settings: Settings) -> Finding:
    status = get(machine, f"{url}/worker/status").status
    closed = status == UNAUTHORIZED
    if closed != settings.public:
        return good("dashboard", "open to everyone" if settings.public else "asks for its password")
    remedy = "pulumi config set updateSecrets true, pulumi up, and set it back"
    return warning("dashboard", f"answers {status} without a password", remedy)
