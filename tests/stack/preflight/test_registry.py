import base64
import json

import pytest

from stack.preflight import registry
from stack.preflight.finding import Finding
from stack.preflight.machine import Answer, Done
from tests.stack.preflight.machines import FakeMachine, page

REPOSITORY = "ghcr.io/ada/heartbeat"
LOGIN = base64.b64encode(b"ada:ghp_secret").decode()
CONFIG = {"auths": {"ghcr.io": {"auth": LOGIN}}}
BEARER = 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"'
TOKEN = "?scope=repository%3Aada%2Fheartbeat%3Apull%2Cpush&service=ghcr.io"
UPLOADS = "/v2/ada/heartbeat/blobs/uploads/"
PAGES = {
    "https://ghcr.io/v2/": page(status=401, www_authenticate=BEARER),
    TOKEN: page({"token": "t-1"}),
    f"POST {UPLOADS}": page(status=202, location="/v2/ada/heartbeat/blobs/uploads/u-1"),
}


def ask(machine: FakeMachine, config: object = CONFIG, repository: str = REPOSITORY) -> Finding:
    assert isinstance(config, dict)
    finding = registry.check(machine, config, repository)
    assert "ghp_secret" not in str(finding)
    assert LOGIN not in str(finding)
    return finding


def test_a_login_that_may_push_is_good_and_the_trial_upload_is_cancelled() -> None:
    machine = FakeMachine(pages=PAGES)

    finding = ask(machine)

    assert finding.verdict == "good"
    assert "may push to ghcr.io/ada/heartbeat" in finding.says
    url, headers = machine.requests[-1]
    assert url == "https://ghcr.io/v2/ada/heartbeat/blobs/uploads/u-1"  # cancelled
    assert headers == {"Authorization": "Bearer t-1"}


@pytest.mark.parametrize(
    ("pages", "verdict", "says"),
    [
        ({f"POST {UPLOADS}": page(status=403)}, "bad", "may not push to ada/heartbeat"),
        ({f"POST {UPLOADS}": page(status=401)}, "bad", "may not push to ada/heartbeat"),
        ({f"POST {UPLOADS}": page(status=404)}, "unknown", "answers 404 to an upload"),
        ({"https://ghcr.io/v2/": page(status=0)}, "unknown", "cannot be checked"),
        ({TOKEN: page({}, status=403), f"POST {UPLOADS}": page(status=403)}, "bad", "may not push"),
    ],
)
def test_the_registrys_answer_is_reported(
    pages: dict[str, Answer], verdict: str, says: str
) -> None:
    finding = ask(FakeMachine(pages=PAGES | pages))

    assert finding.verdict == verdict
    assert says in finding.says


@pytest.mark.parametrize(
    ("repository", "remedy"),
    [
        (REPOSITORY, "write:packages"),
        ("registry.digitalocean.com/ours/heartbeat", "doctl registry login"),
        ("docker.io/ada/heartbeat", "docker login docker.io"),
    ],
)
def test_without_a_login_the_remedy_is_the_registrys_login_command(
    repository: str, remedy: str
) -> None:
    finding = ask(FakeMachine(), {}, repository)

    assert finding.verdict == "bad"
    assert remedy in finding.remedy


def test_a_credential_helper_is_queried_by_docker_hubs_legacy_name() -> None:
    kept = json.dumps({"Username": "ada", "Secret": "ghp_secret"})
    machine = FakeMachine(
        commands={"docker-credential-desktop get": Done(code=0, out=kept)},
        pages={
            "https://registry-1.docker.io/v2/": page(status=401),
            f"POST {UPLOADS}": page(status=202),
        },
    )

    finding = ask(machine, {"credsStore": "desktop"}, "docker.io/ada/heartbeat")

    assert finding.verdict == "good"
    assert machine.stdins == ["https://index.docker.io/v1/"]
    assert machine.requests[-1][1] == {"Authorization": f"Basic {LOGIN}"}


def test_a_helper_without_an_entry_has_no_login() -> None:
    for done in (Done(code=1, out="credentials not found"), Done(code=0, out="no JSON")):
        machine = FakeMachine(commands={"docker-credential-desktop get": done})

        assert ask(machine, {"credsStore": "desktop"}).verdict == "bad"
