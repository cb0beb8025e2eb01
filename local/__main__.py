"""`python -m local`: Heartbeat on one machine, until Ctrl-C."""

import argparse
import os
import shlex
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from local.app import App, app_environment, require_free
from local.cloud import Cloud
from local.home import HomeInUseError, default_home, locked, temporary
from local.postgres import Postgres
from local.server import StartError, free_port
from local.supervisor import Supervisor
from local.valkey import Valkey

FAILED = 1


def main() -> int:
    """Runs what the command line asks for, and gives the exit code."""
    options = parser().parse_args()
    try:
        with ExitStack() as stack:
            home = stack.enter_context(temporary()) if options.ephemeral else options.data_dir
            return run(stack.enter_context(locked(home)), options)
    except (HomeInUseError, StartError) as error:
        print(error, file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    made.add_argument("--port", type=int, default=8080, help="of the dashboard (8080)")
    made.add_argument("--interval", type=float, default=60.0, help="seconds between beats (60)")
    place = made.add_mutually_exclusive_group()
    home = default_home(os.environ)
    place.add_argument("--data-dir", type=Path, default=home, help=f"where data stay ({home})")
    place.add_argument("--ephemeral", action="store_true", help="keep nothing after the end")
    made.add_argument("--services-only", action="store_true", help="the three stores alone")
    made.add_argument("--faults", action="store_true", help="let outages of the stores be staged")
    made.add_argument("--env-file", type=Path, help="write there how to reach the stores")
    return made


def run(home: Path, options: argparse.Namespace) -> int:
    """Starts everything in a folder, keeps it running, and stops it on a signal.

    Raises:
        StartError: The dashboard's port is taken, or something did not start.
    """
    if not options.services_only:
        require_free(options.port)
    supervisor = Supervisor(say)
    supervisor.listen()
    try:
        say("local", f"data in {home}")
        start_stores(supervisor, home, options)
        supervisor.watch()
    finally:
        code = supervisor.stop()
    return code


def start_stores(supervisor: Supervisor, home: Path, options: argparse.Namespace) -> None:
    """Starts the three servers, and the service once they are ready."""
    cloud_control = free_port() if options.faults else None
    servers = [
        Cloud(home / "aws", control_port=cloud_control),
        Valkey(home / "valkey"),
        Postgres(home / "postgres"),
    ]
    for server in servers:
        say(server.name, f"starting on port {server.port}")
    supervisor.start(servers)
    if supervisor.stopping:
        return
    stores = {name: value for server in servers for name, value in server.environment.items()}
    if options.faults:
        stores |= start_proxies(supervisor, home, stores)
        say("faults", f"AWS has a control of its own: http://127.0.0.1:{cloud_control}/")
    if options.env_file:
        write_environment(options.env_file, stores)
        say("local", f"to reach the stores from a shell: set -a; . {options.env_file}; set +a")
    if not options.services_only:
        start_service(supervisor, home, options, app_environment(os.environ, stores))


def start_proxies(supervisor: Supervisor, home: Path, stores: Mapping[str, str]) -> dict[str, str]:
    """Puts proxies before PostgreSQL and Valkey, and gives the ports that lead through them."""
    ports = {"PGPORT": free_port(), "VALKEY_PORT": free_port()}
    control = free_port()
    address = f"http://127.0.0.1:{control}"
    command = ["-m", "local.faults", "--control", str(control)]
    command += ["--proxy", f"postgres={ports['PGPORT']}:{stores['PGPORT']}"]
    command += ["--proxy", f"valkey={ports['VALKEY_PORT']}:{stores['VALKEY_PORT']}"]
    proxies = App(
        "faults", command, home / "faults", environment=os.environ, say=say, health=f"{address}/"
    )
    supervisor.start([proxies])
    say("faults", f"""outages of stores: curl -d '{{"mode": "hang"}}' {address}/postgres""")
    say("faults", f"""and back to normal: curl -d '{{"mode": "pass"}}' {address}/postgres""")
    return {name: str(port) for name, port in ports.items()}


def start_service(
    supervisor: Supervisor, home: Path, options: argparse.Namespace, environment: dict[str, str]
) -> None:
    """Migrates, starts worker and API, and tells the dashboard's address once it answers."""
    address = f"http://127.0.0.1:{options.port}/"
    environment["HEARTBEAT_INTERVAL_SECONDS"] = f"{options.interval:g}"
    environment["HEALTH_PORT"] = str(free_port())
    listen = ["--host", "127.0.0.1", "--port", str(options.port)]

    def app(name: str, *arguments: str, health: str | None = None) -> App:
        command = ["-m", "service", name, *arguments]
        return App(name, command, home / name, environment=environment, say=say, health=health)

    api = app("api", *listen, health=f"{address}healthz")
    supervisor.complete(app("migrate"))
    supervisor.launch([app("worker"), api])
    supervisor.watch(until=api.ready)
    if not supervisor.stopping:
        say("local", f"dashboard: {address} (Ctrl-C stops everything)")


def write_environment(file: Path, environment: Mapping[str, str]) -> None:
    """Writes variables as lines that a shell can source, for their owner's eyes alone."""
    file.unlink(missing_ok=True)  # an older one may be open to others
    file.touch(mode=0o600)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
    file.write_text("".join(lines))


def say(name: str, line: str) -> None:
    """Prints a line with its origin before it, in one piece however many speak at once."""
    sys.stdout.write(f"{name:<8} | {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
