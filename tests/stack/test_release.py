"""The release workflow: pinned actions and rights."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stack.recorder import ROOT

TEXT = (ROOT / ".github/workflows/release.yaml").read_text()
JOBS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["jobs"]
USES = re.findall(r"uses: (.*)", TEXT)
# A job with the registry's token runs only our code and GitHub's.
TRUSTED = ("actions/",)


def _actions(job: str) -> dict[str, dict[str, Any]]:
    """Return a job's actions without versions, with their inputs."""
    steps = JOBS[job]["steps"]
    return {step["uses"].split("@")[0]: step.get("with", {}) for step in steps if "uses" in step}


def _commands(job: str) -> str:
    return "\n".join(step.get("run", "") for step in JOBS[job]["steps"])


@pytest.mark.parametrize("used", USES)
def test_an_action_is_pinned_by_commit_and_names_its_version(used: str) -> None:
    assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+(,.*)?", used)


def test_an_action_has_one_version_in_all_jobs() -> None:
    pins = {used.split(" #")[0] for used in USES}

    assert len(pins) == len({pin.split("@")[0] for pin in pins})


def test_a_job_has_the_rights_that_it_names_and_no_others() -> None:
    assert yaml.safe_load(TEXT)["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "check": {"contents": "read"},
        "containers": {"contents": "read"},
        "build": {"contents": "read"},
        "scan": {},
        "publish": {"packages": "write"},
    }


def test_an_auditor_of_workflows_finds_nothing() -> None:
    """zizmor finds injection, leaked credentials, excessive rights and unpinned dependencies."""
    done = subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--quiet", ROOT / ".github"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_registrys_token_is_in_one_job_that_runs_only_our_code() -> None:
    assert [name for name, job in JOBS.items() if "github.token" in str(job)] == ["publish"]
    assert "secrets." not in TEXT
    assert all(action.startswith(TRUSTED) for action in _actions("publish"))


def test_the_pushed_image_is_the_file_that_was_run_and_scanned() -> None:
    outputs = _actions("build")["docker/build-push-action"]["outputs"]

    assert outputs == "type=oci,dest=image.tar"
    assert "oci-archive:image.tar" in _commands("build")
    assert _actions("build")["actions/upload-artifact"]["path"] == "image.tar"
    assert _actions("scan")["aquasecurity/trivy-action"]["input"] == "image.tar"
    assert _actions("scan")["aquasecurity/trivy-action"]["exit-code"] == "1"
    assert "skopeo copy --all --preserve-digests oci-archive:image.tar" in _commands("publish")
    assert set(JOBS["publish"]["needs"]) == {"build", "scan"}


def test_the_image_has_an_sbom_and_its_provenance() -> None:
    built = _actions("build")["docker/build-push-action"]

    assert built["sbom"] is True
    assert built["provenance"] == "mode=max"


def test_the_build_dependencies_are_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["manifest"]["build-constraints"]

    constraints = project["tool"]["uv"]["build-constraint-dependencies"]
    assert set(project["build-system"]["requires"]) <= set(constraints)
    assert sorted(constraints) == sorted(f"{each['name']}{each['specifier']}" for each in locked)
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", each) for each in constraints)


def test_the_image_is_built_with_the_pinned_uv() -> None:
    (version,) = re.findall(r'^VERSION = "(.*)"$', (ROOT / ".ci/uv.py").read_text(), re.MULTILINE)

    assert f"uv=={version}" in (ROOT / "Dockerfile").read_text()
