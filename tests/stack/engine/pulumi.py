"""Run the real Pulumi CLI in its own folder, on the stand-in clouds."""

import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.stack.clouds import SIGNATURE
from tests.stack.engine import spaces
from tests.stack.engine.language import ENGINE
from tests.stack.recorder import PASSWORD, ROOT

TOKEN, SPACES_SECRET = "token-of-the-test", "spaces-of-the-test"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The exit code and output of a command."""

    code: int
    out: str


class Engine:
    """One stack in one folder: state, clouds, configuration.

    Args:
        cli: The binary.
        folder: Contains everything; its folder `cloud` belongs to the clouds.
        language: The port of the language host.
        providers: The port of the stand-in providers.
    """

    def __init__(self, cli: str, folder: Path, language: int, providers: int) -> None:
        self.cli = cli
        self.folder = folder
        self.config = folder / "Pulumi.dev.yaml"
        for needed in ("stack", "schema", "service", "Pulumi.yaml"):
            (folder / needed).symlink_to(ROOT / needed)
        # The tests' own environment exists already; `make` must not change it.
        (folder / "Makefile").write_text("environment:\n\ninclude stack/stack.mk\n")
        self.config.write_text((ROOT / "Pulumi.dev.yaml").read_text())
        self._environ = self._environment(language, providers)

    def run(self, *arguments: str, check: bool = True, stdin: str = "") -> Finished:
        """Run the CLI; unless `check` is False, it must succeed."""
        return self.shell(self.cli, *arguments, "--non-interactive", check=check, stdin=stdin)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the CLI without waiting for its end."""
        return subprocess.Popen(
            [self.cli, *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def shell(self, *command: str, check: bool = True, stdin: str = "") -> Finished:
        """Run a command in the project's folder; unless `check` is False, it must succeed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environ,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(done.stdout)
        return Finished(code=done.returncode, out=done.stdout)

    def start(self) -> None:
        """Create the stack as docs/deploy.md describes."""
        self.run("stack", "init", "dev")
        self.run("config", "set", "--secret", "dashboardPassword", PASSWORD)

    def use_provider(self, name: str, api: str) -> None:
        """Use the real provider on PATH instead of the stand-in, with an API on this machine."""
        attached = self._environ["PULUMI_DEBUG_PROVIDERS"].split(",")
        others = [each for each in attached if not each.startswith(f"{name}:")]
        self._environ |= {
            "PULUMI_DEBUG_PROVIDERS": ",".join(others),
            "DIGITALOCEAN_API_URL": api,
            "DIGITALOCEAN_TOKEN": TOKEN,
            "SPACES_ENDPOINT_URL": spaces.ENDPOINT,
            "SPACES_ACCESS_KEY_ID": "of-the-provider",
            "SPACES_SECRET_ACCESS_KEY": SPACES_SECRET,
            "HTTP_PROXY": api,  # used only for Spaces: requests to this machine bypass a proxy
        }

    def up(self, *arguments: str, check: bool = True) -> Finished:
        """Deploy without confirmation."""
        return self.run("up", "--yes", "--skip-preview", *arguments, check=check)

    @contextmanager
    def configured(self, **values: object) -> Iterator[None]:
        """Change the configuration until the block ends."""
        before = self.config.read_text()
        self.configure(**values)
        try:
            yield
        finally:
            self.config.write_text(before)

    def configure(self, **values: object) -> None:
        """Change the configuration."""
        chosen = yaml.safe_load(self.config.read_text())
        chosen["config"] |= {f"heartbeat:{key}": value for key, value in values.items()}
        self.config.write_text(yaml.safe_dump(chosen))

    def preview(self) -> dict[str, list[str]]:
        """Return what an `up` would change: the paths, by verb and name of the resource."""
        done = self.run("preview", "--json")
        steps = json.loads(done.out[done.out.index("{\n") :])["steps"]
        return {
            f"{step['op']} {step['urn'].rsplit('::', 1)[1]}": sorted(step.get("detailedDiff") or [])
            for step in steps
            if step["op"] != "same"
        }

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources of the state, with secrets in plain text."""
        exported = self.run("stack", "export", "--show-secrets").out
        return list(_plain(json.loads(exported)["deployment"]["resources"]))

    def resource(self, name: str) -> dict[str, Any]:
        """Return the resource of the state with this name."""
        (found,) = [r for r in self.resources() if r["urn"].endswith(f"::{name}") and r["custom"]]
        return found

    def state_file(self) -> str:
        """Return the text of the state's file."""
        (file,) = (self.folder / "state").glob(".pulumi/stacks/**/dev.json")
        return file.read_text()

    def log(self) -> list[str]:
        """Return all operations of the clouds, in order, as `verb name`."""
        lines = (self.folder / "cloud/log.jsonl").read_text().splitlines()
        return [f"{verb} {name}" for verb, _, name in map(json.loads, lines)]

    def use_backend(self, backend: str) -> str:
        """Store the state in another backend; return the previous one."""
        before = self._environ["PULUMI_BACKEND_URL"]
        self._environ["PULUMI_BACKEND_URL"] = backend
        return before

    def passphrase(self, words: str) -> None:
        """Use another passphrase for secrets."""
        self._environ["PULUMI_CONFIG_PASSPHRASE"] = words

    def ids(self) -> dict[str, str]:
        """Return the names of all resources in the clouds, by id."""
        file = self.folder / "cloud/resources.json"
        return {id_: r["name"] for id_, r in json.loads(file.read_text()).items()}

    def change_by_hand(self, name: str, change: Callable[[Any], None]) -> None:
        """Change a resource's spec in the cloud without Pulumi."""
        file = self.folder / "cloud/resources.json"
        resources = json.loads(file.read_text())
        (found,) = (r for r in resources.values() if r["name"] == name)
        change(found["inputs"]["spec"])
        file.write_text(json.dumps(resources))

    def remove_by_hand(self, name: str) -> None:
        """Remove a resource from the cloud without Pulumi."""
        file = self.folder / "cloud/resources.json"
        resources = json.loads(file.read_text())
        kept = {id_: r for id_, r in resources.items() if r["name"] != name}
        file.write_text(json.dumps(kept))

    def in_the_clouds(self) -> set[str]:
        """Return the names of all resources in the clouds."""
        file = self.folder / "cloud/resources.json"
        return {r["name"] for r in json.loads(file.read_text()).values()}

    def fail_at(self, name: str) -> None:
        """Make the next creation or update of a resource fail."""
        (self.folder / "cloud/fail").write_text(name)

    def _environment(self, language: int, providers: int) -> dict[str, str]:
        tools, state = self.folder / "tools", self.folder / "state"
        tools.mkdir()
        state.mkdir()
        host = tools / "pulumi-language-python"
        # The engine starts this program with the engine's address, reads a port, and ends it later.
        host.write_text(
            f'#!/bin/sh\necho "$1" >"{self.folder / ENGINE}"\necho {language}\nexec sleep 3600\n'
        )
        host.chmod(host.stat().st_mode | stat.S_IXUSR)
        (tools / "pulumi").symlink_to(self.cli)
        attached = ",".join(f"{name}:{providers}" for name in ("digitalocean", "aws", "tls"))
        return {
            "HOME": str(self.folder / "home"),
            "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase of the test",
            "PULUMI_DEBUG_PROVIDERS": attached,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if "plaintext" in value and SIGNATURE in value:
            return json.loads(value["plaintext"])
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
