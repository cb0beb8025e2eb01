import pytest

from stack import settings
from stack.preflight import image
from stack.preflight.machine import Answer, Done
from tests.stack import recorder
from tests.stack.conftest import DIGEST, VARIANTS
from tests.stack.preflight.machines import FakeMachine, page

URL = "https://github.com/ada/heartbeat.git"
GIT = f"git ls-remote --exit-code --heads {URL} main"
DOCR = {
    "/registry": page({"registry": {"name": "ours"}}),
    "/digests?per_page=200": page({"manifests": [{"digest": DIGEST}]}),
}
GHCR = {
    "token?scope=repository:owner/heartbeat:pull": page({"token": "t"}),
    "/owner/heartbeat/manifests/1.2.3": page({}),
}


@pytest.mark.parametrize(
    ("variant", "commands", "pages", "verdict"),
    [
        ("vpc", {GIT: Done(code=0, out="")}, {}, "good"),
        ("vpc", {GIT: Done(code=2, out="")}, {}, "bad"),
        ("built here", {}, {}, "bad"),
        ("published digest", {}, DOCR, "good"),
        ("published digest", {}, DOCR | {"/digests?per_page=200": page({})}, "bad"),
        ("published digest", {}, {"/registry": page(status=403)}, "unknown"),
        ("published tag", {}, GHCR, "good"),
        ("published tag", {}, {"owner/heartbeat:pull": page({"token": "t"})}, "bad"),
        ("published tag", {}, {}, "unknown"),
    ],
)
def test_the_image_must_exist(
    variant: str, commands: dict[str, Done], pages: dict[str, Answer], verdict: str
) -> None:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    if values["imageGit"]:
        values["imageGit"] = URL
    chosen = settings.parse(values | VARIANTS[variant])

    (finding,) = image.check(FakeMachine(commands=commands, pages=pages), {}, {}, chosen)

    assert finding.verdict == verdict


def test_the_examples_repository_is_reported_as_a_placeholder() -> None:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    machine = FakeMachine(commands={}, pages={})

    (finding,) = image.check(machine, {}, {}, settings.parse(values))

    assert finding.verdict == "bad"
    assert "imageGit is still the example" in str(finding)


def test_pushing_a_local_build_needs_dockers_login() -> None:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    chosen = settings.parse(values | VARIANTS["built here"])
    machine = FakeMachine(commands={"docker buildx version": Done(code=0, out="")})

    (finding,) = image.check(machine, {}, {"auths": {}}, chosen)

    assert finding.says == "docker is not logged in to registry.digitalocean.com"
