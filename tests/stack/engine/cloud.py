"""The stand-in clouds: their resources, computed outputs, and rules for deletion."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.stack.clouds import COMPUTED, SECRET, SIGNATURE, unwrapped
from tests.stack.engine.aws import Account

Values = dict[str, Any]
# Changing one of these inputs replaces the resource; every change replaces a resource of tls.
REPLACED = {
    "Vpc": {"region", "ipRange"},
    "DatabaseCluster": {"engine", "privateNetworkUuid"},
    "DatabaseFirewall": {"clusterId"},
    "SpacesBucket": {"name", "region"},
    "Role": {"name"},
    "Secret": {"name"},
    "SecretVersion": {"secretId", "secretString"},
}
# Kinds that the cloud deletes together with their parent, and the input that names the parent.
PARTS = {"DatabaseFirewall": "clusterId", "SecretVersion": "secretId"}


class InjectedError(Exception):
    """The failure that a test requested."""


class InUseError(Exception):
    """Another resource still refers to this one."""


class Cloud:
    """All resources of all stand-ins, stored in a folder so that they outlive the process.

    Files: `resources.json` has the resources by id, `log.jsonl` the operations. A test may write
    two more, each with the name of a resource: `fail` makes its next creation or update fail, and
    `slow` delays its creation until the file is removed; `begun` appears when the delay begins.

    Args:
        folder: As above.
        account: Creates AWS's resources in the stand-in; None to only compute their outputs.
    """

    def __init__(self, folder: Path, account: Account | None = None) -> None:
        self.folder = folder
        self._account = account
        self._resources = folder / "resources.json"

    @property
    def resources(self) -> dict[str, Values]:
        return dict(json.loads(self._resources.read_text())) if self._resources.exists() else {}

    def create(self, type_: str, name: str, inputs: Values) -> tuple[str, Values]:
        """Create a resource; return its id and outputs."""
        self._maybe_wait(name)
        self._maybe_fail(name)
        if (account := self._account_of(type_)) is not None:
            id_, computed = account.create(_kind(type_), unwrapped(inputs, "", set()))
        else:
            id_, computed = str(uuid4()), _computed(type_, name, inputs)
        self._remember("create", id_, type_, name, inputs)
        return id_, _encrypted(type_, {**inputs, **computed})

    def read(self, id_: str, type_: str) -> Values | None:
        """Return the changed properties; if the resource is gone, forget it and return None."""
        account = self._account_of(type_)
        found = account.read(_kind(type_), id_) if account else self._read(id_, type_)
        if found is None:
            self._save({i: r for i, r in self.resources.items() if i != id_})
        return found

    def update(self, id_: str, type_: str, name: str, olds: Values, news: Values) -> Values:
        """Update a resource; return its outputs, of which those computed by AWS stay."""
        self._maybe_fail(name)
        if (account := self._account_of(type_)) is not None:
            account.update(_kind(type_), id_, unwrapped(news, "", set()))
        computed = {} if type_.startswith("aws:") else _computed(type_, name, news)
        self._remember("update", id_, type_, name, news)
        return _encrypted(type_, {**olds, **news, **computed})

    def delete(self, id_: str, type_: str, name: str) -> None:
        """Delete a resource and its parts.

        Raises:
            InUseError: Another resource refers to it.
        """
        resources = {
            i: r
            for i, r in self.resources.items()
            if r["inputs"].get(PARTS.get(_kind(r["type"]), "")) != id_
        }
        users = [r["name"] for i, r in resources.items() if i != id_ and id_ in json.dumps(r)]
        if users:
            msg = f"{name} is in use by {', '.join(users)}"
            raise InUseError(msg)
        if (account := self._account_of(type_)) is not None:
            account.delete(_kind(type_), id_)
        resources.pop(id_, None)
        self._save(resources)
        self._log("delete", type_, name)

    def _read(self, id_: str, type_: str) -> Values:
        """Return an app's spec without the alerts' recipients, which App Platform never returns."""
        if _kind(type_) != "App":
            return {}
        spec = self.resources[id_]["inputs"]["spec"]
        parts = [spec, *spec.get("services", []), *spec.get("workers", [])]
        for alert in (alert for part in parts for alert in part.get("alerts", [])):
            alert.pop("destinations", None)
        return {"spec": _encrypted(type_, {"spec": spec})["spec"]}

    def _account_of(self, type_: str) -> Account | None:
        return self._account if type_.startswith("aws:") else None

    def _remember(self, verb: str, id_: str, type_: str, name: str, inputs: Values) -> None:
        record = {"type": type_, "name": name, "inputs": unwrapped(inputs, "", set())}
        self._save({**self.resources, id_: record})
        self._log(verb, type_, name)

    def _maybe_fail(self, name: str) -> None:
        order = self.folder / "fail"
        if order.exists() and order.read_text() == name:
            order.unlink()
            msg = f"the cloud failed at {name}, as the test requested"
            raise InjectedError(msg)

    def _maybe_wait(self, name: str) -> None:
        order = self.folder / "slow"
        while order.exists() and order.read_text() == name:
            (self.folder / "begun").touch()
            time.sleep(0.05)

    def _save(self, resources: dict[str, Values]) -> None:
        self._resources.write_text(json.dumps(resources, indent=1))

    def _log(self, verb: str, type_: str, name: str) -> None:
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps([verb, type_, name]) + "\n")


def changed(olds: Any, news: Any, path: str, ignored: list[str]) -> list[str]:
    """Return the paths at which state and new inputs differ, without the ignored ones."""
    if any(path == i or path.startswith((f"{i}.", f"{i}[")) for i in ignored):
        return []
    olds, news = unwrapped_here(olds), unwrapped_here(news)
    if isinstance(olds, dict) and isinstance(news, dict):
        keys = sorted(news if not path else {*olds, *news})
        found = [(f"{path}.{k}" if path else k, olds.get(k), news.get(k)) for k in keys]
        return [x for p, o, n in found for x in changed(o, n, p, ignored)]
    if isinstance(olds, list) and isinstance(news, list) and len(olds) == len(news):
        pairs = enumerate(zip(olds, news, strict=True))
        return [x for i, (o, n) in pairs for x in changed(o, n, f"{path}[{i}]", ignored)]
    return [] if olds == news else [path]


def replaced(type_: str, paths: list[str]) -> list[str]:
    """Return the changed paths that replace the resource."""
    fixed = REPLACED.get(_kind(type_), set())
    return [p for p in paths if type_.startswith("tls:") or p.split(".")[0].split("[")[0] in fixed]


def unwrapped_here(value: Any) -> Any:
    """Return a value without its own secret marker; nested markers stay."""
    secret = isinstance(value, dict) and value.get(SIGNATURE) == SECRET
    return value["value"] if secret else value


def _kind(type_: str) -> str:
    return type_.rsplit(":", 1)[1]


def _computed(type_: str, name: str, inputs: Values) -> Values:
    compute = COMPUTED.get(_kind(type_))
    return compute(name, unwrapped(inputs, "", set())) if compute else {}


def _encrypted(type_: str, outputs: Values) -> Values:
    """Replace an app's secrets by `EV[1:…]`, as App Platform returns them."""
    if _kind(type_) != "App":
        return outputs
    envs = [dict(e) for e in outputs["spec"].get("envs", [])]
    for env in envs:
        if env["type"] == "SECRET":
            plain = str(unwrapped_here(env["value"]))
            env["value"] = f"EV[1:{hashlib.sha256(plain.encode()).hexdigest()[:24]}]"
    return {**outputs, "spec": {**outputs["spec"], "envs": envs}}
