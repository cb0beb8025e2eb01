"""docs/state.md with the real CLI: an interrupted `up`, backups, another backend, drift."""

import base64
import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.stack.engine.conftest import NewEngine
from tests.stack.engine.pulumi import Engine
from tests.stack.recorder import PASSWORD
from tests.stack.test_main import INVENTORY

pytestmark = pytest.mark.engine
IMAGE = f"registry.digitalocean.com/ours/heartbeat@sha256:{'a' * 64}"
CLUSTER = "heartbeat-dev-pg"
PATIENCE_S = 120.0  # a bound for a hang


def deployed(new_engine: NewEngine) -> Engine:
    engine = new_engine()
    engine.configure(imageGit="", image=IMAGE)
    engine.up()
    return engine


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine) -> Engine:
    return deployed(new_engine)


def interrupt(engine: Engine) -> None:
    """Kill `up` while the cloud creates a cluster; the creation then completes, or fails."""
    cloud = engine.folder / "cloud"
    (cloud / "slow").write_text(CLUSTER)
    up = engine.begin("up", "--yes", "--skip-preview", "--parallel=1")
    until((cloud / "begun").exists, up)
    up.send_signal(signal.SIGKILL)
    up.communicate()
    fails = (cloud / "fail").exists()
    (cloud / "slow").unlink()
    until(lambda: not (cloud / "fail").exists() if fails else f"create {CLUSTER}" in engine.log())


def until(condition: Any, process: subprocess.Popen[str] | None = None) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up
        assert process is None or process.poll() is None
        time.sleep(0.05)


@pytest.mark.parametrize("made", [True, False], ids=["made", "only begun"])
def test_an_interrupted_up_can_be_unlocked_and_completed_without_duplicates(
    new_engine: NewEngine, made: bool
) -> None:
    engine = new_engine()
    engine.configure(imageGit="", image=IMAGE)
    if not made:
        engine.fail_at(CLUSTER)
    interrupt(engine)

    locked = engine.up(check=False)
    engine.run("cancel", "--yes")
    exported = json.loads(engine.run("stack", "export").out)["deployment"]
    (pending,) = exported["pending_operations"]
    if made:
        engine.remove_by_hand(CLUSTER)
    engine.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    engine.up()

    assert locked.code
    assert "locked" in locked.out
    assert pending["type"] == "creating"
    assert pending["resource"]["urn"].endswith(f"::{CLUSTER}")
    assert len(engine.ids()) == len(engine.in_the_clouds()) == sum(INVENTORY.values())
    assert not engine.preview()


def test_a_backup_has_no_plain_secret_and_restores_the_state(engine: Engine) -> None:
    engine.run("stack", "export", "--file", "backup.json")
    text = (engine.folder / "backup.json").read_text()
    before = engine.log()

    engine.run("stack", "rm", "--force", "--yes", "--preserve-config")
    engine.run("stack", "init", "dev")
    engine.run("stack", "import", "--file", "backup.json")

    key = engine.resource("identity-client-key-1")["outputs"]["privateKeyPem"]
    for secret in (PASSWORD, key):
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text
        assert base64.b64encode(secret.encode()).decode() not in text
    assert not engine.preview()
    assert engine.log() == before


def test_the_state_can_move_to_another_backend(engine: Engine, tmp_path: Path) -> None:
    before, new = engine.log(), f"file://{tmp_path}"

    engine.run("stack", "export", "--file", "state.json")
    old = engine.use_backend(new)
    engine.run("stack", "init", "dev")
    engine.run("stack", "import", "--file", "state.json")
    shown = engine.preview()
    engine.use_backend(old)

    assert shown == {}
    assert engine.log() == before


def test_after_a_change_of_the_passphrase_the_old_one_is_refused(new_engine: NewEngine) -> None:
    engine = deployed(new_engine)

    engine.run("stack", "change-secrets-provider", "passphrase", stdin="another one\nanother one\n")
    refused = engine.run("preview", check=False)
    engine.passphrase("another one")

    assert "incorrect passphrase" in refused.out
    assert not engine.preview()


def test_a_manual_change_is_detected_and_reverted(engine: Engine) -> None:
    wanted = engine.resource("app")["inputs"]["spec"]["services"][0]["instanceSizeSlug"]
    engine.change_by_hand(
        "app", lambda spec: spec["services"][0].update(instanceSizeSlug="professional-xs")
    )

    seen = engine.run("refresh", "--preview-only", "--expect-no-changes", check=False)
    engine.run("refresh", "--yes", "--skip-preview")
    shown = engine.preview()
    engine.up()

    assert seen.code
    assert shown == {"update app": ["spec.services[0].instanceSizeSlug"]}
    assert engine.resource("app")["inputs"]["spec"]["services"][0]["instanceSizeSlug"] == wanted
    assert not engine.preview()
