"""A stand-in for Docker: a `docker` whose containers are embedded servers.

`python -m tests.platform.engine FOLDER` serves FOLDER/docker, to be put on PATH, and keeps what it
was asked in FOLDER/asked.jsonl. On SIGTERM it ends, and all servers with it.
"""

import json
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.platform import files
from tests.platform.embedded import Services

CLIENT = """\
#!{python}
import json, os, socket, sys
chosen = {{name: value for name, value in os.environ.items() if name.startswith("HEARTBEAT_TEST_")}}
with socket.socket(socket.AF_UNIX) as engine:
    engine.connect("{engine}")
    engine.sendall(json.dumps([sys.argv[1:], chosen]).encode() + b"\\n")
    sys.exit(engine.makefile().readline().strip() or None)
"""


def main() -> None:
    """Serve until SIGTERM; a line on stdout says that the client is there."""
    folder = Path(sys.argv[1])
    services = Services(folder / "data")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "engine"))
        server.listen()
        client = folder / "docker"
        client.write_text(CLIENT.format(python=sys.executable, engine=folder / "engine"))
        client.chmod(0o755)
        print("ready", flush=True)
        try:
            while True:
                _serve(server, services, folder / "asked.jsonl")
        finally:
            services.down()


def _serve(server: socket.socket, services: Services, log: Path) -> None:
    connection, _ = server.accept()
    with connection:
        arguments, chosen = json.loads(connection.makefile().readline())
        with log.open("a") as lines:
            lines.write(json.dumps(arguments) + "\n")
        try:
            _obey(arguments, chosen, services)
            answer = ""
        except Exception as error:  # noqa: BLE001 - the client is told whatever it was
            answer = repr(error)
        connection.sendall(answer.replace("\n", " ").encode() + b"\n")


def _obey(arguments: list[str], chosen: Mapping[str, str], services: Services) -> None:
    match arguments:
        case ["info"] | ["compose", "version"]:
            return
        case ["compose", "--project-name", _, "--file", _, "--file", file, *command]:
            services.do(command, files.read(Path(file), chosen))
        case _:
            raise ValueError(arguments)


if __name__ == "__main__":
    main()
