"""Run Debian's PostgreSQL and Redis with TLS, which the embedded servers do not support.

They are system packages, `postgresql` and `redis-server`; if they are missing, the tests fail with
that reason.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.aws.certificates import CertifiedKey, make_ca
from local.guard import guard
from local.postgres import ROOT_RUNS_AS
from local.process import Process
from local.server import free_port

NOW = datetime.now(UTC)
CA = make_ca("Heartbeat's test CA", NOW)
OTHER_CA = make_ca("nobody's CA", NOW)


def certificate(host: str, days: int = 30) -> CertifiedKey:
    """Make a server's certificate by `CA` for a host; negative days make an expired one."""
    end = NOW + timedelta(days=days)
    start = min(NOW, end) - timedelta(days=1)
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        name: x509.GeneralName = x509.IPAddress(ip_address(host))
    except ValueError:
        name = x509.DNSName(host)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .issuer_name(CA.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return CertifiedKey(builder.sign(CA.key, hashes.SHA256()), key)


@contextmanager
def postgres(data: Path, identity: CertifiedKey | None) -> Iterator[Mapping[str, str]]:
    """Run Debian's PostgreSQL on a cluster of `initialize`; in plain text without an identity."""
    port = free_port()
    options = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    if identity is not None:
        options |= {"ssl": "on"} | {
            f"ssl_{name}_file": path for name, path in files(data.parent, identity).items()
        }
    command = [_postgres("postgres"), "-D", str(data), *(f"--{k}={v}" for k, v in options.items())]
    server = Process(
        command,
        data,
        data.parent / "log",
        user=ROOT_RUNS_AS,
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGQUIT,
    )
    with _running(server, lambda: _is_ready(server, data)):
        yield {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGDATABASE": "postgres",
            "PGUSER": "heartbeat",
            "PGPASSWORD": "trusted",
        }


@contextmanager
def redis(folder: Path, identity: CertifiedKey | None) -> Iterator[Mapping[str, str]]:
    """Run Debian's Redis; in plain text without an identity."""
    port, password = free_port(), "s3cret"
    program = shutil.which("redis-server")
    assert program is not None, "install Debian's redis-server"
    options = ["--bind", "127.0.0.1", "--requirepass", password, "--save", ""]
    if identity is None:
        options += ["--port", str(port)]
    else:
        paths = files(folder, identity)
        options += ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"]
        options += ["--tls-cert-file", paths["cert"], "--tls-key-file", paths["key"]]
    server = Process([program, *options], folder, folder / "log")
    with _running(server, lambda: _listens(port)):
        yield {
            "VALKEY_HOST": "127.0.0.1",
            "VALKEY_PORT": str(port),
            "VALKEY_PASSWORD": password,
        }


def initialize(folder: Path) -> Path:
    """Make a cluster for `postgres`; return its folder."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, ROOT_RUNS_AS)
        shutil.chown(folder, ROOT_RUNS_AS)
    options = "--username=heartbeat --auth=trust --no-sync --no-instructions --locale=C"
    command = [*guard(ROOT_RUNS_AS, signal.SIGKILL), _postgres("initdb"), *options.split()]
    subprocess.run([*command, str(data)], cwd=folder, check=True, capture_output=True)
    return data


def _postgres(program: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    assert found, "install Debian's postgresql"
    return str(found[-1])


def files(folder: Path, identity: CertifiedKey) -> dict[str, str]:
    """Write certificate and key, readable by the server only; return their paths."""
    contents = {"cert": identity.certificate_pem, "key": identity.key_pem}
    for name, content in contents.items():
        path = folder / f"{name}.pem"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)
        if os.geteuid() == 0:
            shutil.chown(path, ROOT_RUNS_AS)
    return {name: str(folder / f"{name}.pem") for name in contents}


@contextmanager
def _running(server: Process, ready: Callable[[], bool]) -> Iterator[None]:
    server.start()
    try:
        while not ready():
            assert server.running, server.ending
            time.sleep(0.02)
        yield
    finally:
        server.terminate()
        server.finish(5)


def _is_ready(server: Process, data: Path) -> bool:
    """Tell by PostgreSQL's status file whether it accepts clients; it listens before it does."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and int(lines[0]) == server.pid and lines[7].strip() == "ready"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True
