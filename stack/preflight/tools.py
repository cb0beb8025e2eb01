"""Check the commands on this machine, and whether Pulumi is logged in."""

from pathlib import Path

from stack.preflight.finding import Findings, bad, good, unknown, warning
from stack.preflight.machine import Machine

REQUIRED = {
    "uv": "install it: https://docs.astral.sh/uv/getting-started/installation/",
    "pulumi": "install it: https://www.pulumi.com/docs/install/",
    "git": "install it with the system's packages",
}
USEFUL = {
    "doctl": "install it for `make logs`: https://docs.digitalocean.com/reference/doctl/how-to/install/",
    "aws": "install it to look at the secret: https://docs.aws.amazon.com/cli/",
}


def check(machine: Machine, own_uv: Path | None) -> Findings:
    """Check what `make deploy` needs, and what is useful.

    Args:
        machine: The machine to check.
        own_uv: The uv that `make` installed in this folder, None if there is none.
    """
    for tool, remedy in REQUIRED.items():
        if found := machine.where(tool):
            yield good("tool", f"{tool} is {found}")
        elif tool == "uv" and own_uv:
            says = f"uv is not on PATH, where Pulumi looks for it; make's own is {own_uv}"
            yield bad("tool", says, f'export PATH="{own_uv.parent}:$PATH"')
        else:
            yield bad("tool", f"no {tool}", remedy)
    for tool, remedy in USEFUL.items():
        yield good("tool", tool) if machine.where(tool) else warning("tool", f"no {tool}", remedy)
    if not machine.where("pulumi"):
        yield unknown("Pulumi", "cannot ask for its login", REQUIRED["pulumi"])
        return
    who = machine.run("pulumi", "whoami")
    if who.code == 0:
        yield good("Pulumi", f"logged in as {who.out}")
    else:
        yield bad("Pulumi", "not logged in", "pulumi login (or pulumi login --local)")
