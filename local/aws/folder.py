"""The folder in which the stand-in keeps itself between runs."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """Names of the files in one stand-in's folder; those with keys are for their owner alone."""

    path: Path

    @property
    def server(self) -> Path:
        """TLS key, certificate and CA of the server, PEM."""
        return self.path / "server.pem"

    @property
    def server_ca(self) -> Path:
        """The CA certificate that clients of the server must trust, PEM."""
        return self.path / "server-ca.pem"

    @property
    def bundle(self) -> Path:
        """`server_ca` together with the CAs that clients trust anyway, PEM."""
        return self.path / "ca-bundle.pem"

    @property
    def anchor(self) -> Path:
        """Key and certificate of the CA that Roles Anywhere trusts, PEM."""
        return self.path / "anchor.pem"

    @property
    def client(self) -> Path:
        """Key and certificate of the app's identity, PEM."""
        return self.path / "client.pem"

    @property
    def identity(self) -> Path:
        """The ARNs that the app needs, JSON."""
        return self.path / "identity.json"

    @property
    def keys(self) -> Path:
        """The operator's access key and the key that seals session tokens, JSON."""
        return self.path / "keys.json"

    @property
    def state(self) -> Path:
        """Secrets, roles, anchors and profiles, as JSON."""
        return self.path / "state.json"


def write(path: Path, content: bytes) -> None:
    """Replace a file atomically, readable only by its owner.

    Survives the end of the process at any moment. It is not synced to the disk: data may be lost if
    the machine loses power.
    """
    new = path.with_name(f".{path.name}.new")
    with open(new, "wb", opener=_open_for_owner) as file:
        file.write(content)
    new.replace(path)


def _open_for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
